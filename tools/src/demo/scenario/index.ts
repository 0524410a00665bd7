import { accounts } from './accounts.js';
import { newPerson, type Stage } from './cast.js';
import { live } from './live.js';
import { outage } from './outage.js';
import { sessions } from './sessions.js';

/** The whole scenario, through the gateway's HTTP alone. Rejects at the first step that fails. */
export async function play(stage: Stage): Promise<void> {
  const ada = newPerson('Ada');
  await accounts(stage, ada);
  const token = await sessions(stage, ada);
  await live(stage, ada, token);
  await outage(stage, token);
}
