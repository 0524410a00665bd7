import { withStatus } from '../gateway-client.js';
import type { Person, Stage } from './cast.js';

/** Gateway → user → auth: calls that answer, calls that are refused, and a profile kept in Postgres. */
export async function accounts({ steps, gateway }: Stage, ada: Person): Promise<void> {
  steps.heading('Accounts: the gateway calls user, which calls auth');
  const profile = await steps.step('Ada signs up: 201', () => withStatus(201, gateway.signUp(ada)));
  await steps.step('The same name again: 409', () => withStatus(409, gateway.signUp(ada)));
  await steps.step('A name that is none: 400, and the answer says so', async () => {
    const body = await withStatus(400, gateway.signUp({ ...ada, name: '<script>' }));
    if (!JSON.stringify(body).includes('name'))
      throw new Error(`${JSON.stringify(body)} does not name the field`);
  });
  await steps.step('Anybody reads her profile: 200', () => withStatus(200, gateway.profile(profile.id)));
}
