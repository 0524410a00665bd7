import { withStatus } from '../gateway-client.js';
import { LiveNotifications } from '../live-notifications.js';
import type { Person, Stage } from './cast.js';

/** One request, an endless stream of answers: events of user and auth reach Ada's browser while it watches. */
export async function live({ steps, gateway }: Stage, ada: Person, token: string): Promise<void> {
  steps.heading('Live: events become notifications, streamed to whoever watches');
  const notifications = new LiveNotifications(gateway.live(token));
  try {
    await steps.step('Ada watches: her welcome is there', () => notifications.arrive('welcome'));
    await steps.step('So is her log-in', () => notifications.arrive('session'));
    await steps.step('Somebody logs in as Ada: she sees it at once', async () => {
      await withStatus(200, gateway.logIn(ada.name, ada.password));
      await notifications.arrive('session', 2);
    });
  } finally {
    notifications.close();
  }
}
