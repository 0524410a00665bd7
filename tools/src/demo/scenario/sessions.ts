import { withStatus } from '../gateway-client.js';
import type { Person, Stage } from './cast.js';

/** Returns the token that Ada got. */
export async function sessions({ steps, gateway }: Stage, ada: Person): Promise<string> {
  steps.heading('Sessions: auth checks passwords and signs tokens');
  await steps.step('A wrong password: 401', () =>
    withStatus(401, gateway.logIn(ada.name, 'not her password')),
  );
  await steps.step('Her notifications without a token: 401', () => withStatus(401, gateway.notifications()));
  const session = await steps.step('Ada logs in: 200 and a token', () =>
    withStatus(200, gateway.logIn(ada.name, ada.password)),
  );
  return session.token;
}
