import { withStatus } from '../gateway-client.js';
import { LiveNotifications } from '../live-notifications.js';
import { WaitingCall } from '../waiting-call.js';
import { newPerson, type Stage } from './cast.js';

/** Services die in the middle of it. Kafka keeps what they were told and asked, and they answer once they are back. */
export async function outage({ steps, gateway, fleet }: Stage, token: string): Promise<void> {
  steps.heading('Outage: services are killed, calls wait for them');
  const [notification, auth] = [fleet.get('notification'), fleet.get('auth')];
  const bob = newPerson('Bob');

  await steps.step('The notification service is killed (SIGKILL)', () => notification.kill());
  await steps.step('Bob signs up all the same: 201', () => withStatus(201, gateway.signUp(bob)));
  await steps.step('The auth service is killed, too', () => auth.kill());

  const logIn = new WaitingCall(gateway.logIn(bob.name, bob.password));
  const list = new WaitingCall(gateway.notifications(token));
  await steps.step('Bob logs in, Ada asks for her notifications: nobody is there to answer', () => {
    logIn.assertWaiting();
    list.assertWaiting();
  });
  await steps.step('Both services start again', async () => {
    logIn.assertWaiting();
    list.assertWaiting();
    for (const service of [notification, auth]) service.start();
    await Promise.all([notification.ready(), auth.ready()]);
  });
  const session = await steps.step('Bob, who waited, is logged in: 200', () => withStatus(200, logIn.answer));
  await steps.step('Ada, who waited, gets her answer: 200', () => withStatus(200, list.answer));
  await steps.step('Bob gets his welcome, of the time when nobody was there to hear of him', async () => {
    const notifications = new LiveNotifications(gateway.live(session.token));
    await notifications.arrive('welcome').finally(() => notifications.close());
  });
}
