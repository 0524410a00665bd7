import { EventEmitter, once } from 'node:events';
import type { Notification } from '@parley-apps/contracts';
import type { EventSource } from 'eventsource';

const ARRIVAL_TIMEOUT_MS = 30_000;

/** Remembers what an event stream brought, and waits for what it will. */
export class LiveNotifications {
  private readonly seen: Notification[] = [];
  private readonly arrivals = new EventEmitter();

  constructor(private readonly source: EventSource) {
    source.addEventListener('message', ({ data }) => {
      const notification = JSON.parse(String(data)) as Notification;
      this.seen.push(notification);
      this.arrivals.emit('notification');
    });
  }

  /** Resolves once `count` notifications of the kind have come, to the last of them. */
  async arrive(kind: Notification['kind'], count = 1): Promise<Notification> {
    const signal = AbortSignal.timeout(ARRIVAL_TIMEOUT_MS);
    for (;;) {
      const found = this.seen.filter(notification => notification.kind === kind)[count - 1];
      if (found !== undefined) return found;
      await once(this.arrivals, 'notification', { signal });
    }
  }

  close(): void {
    this.source.close();
  }
}
