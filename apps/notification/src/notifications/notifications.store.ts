import { Injectable } from '@nestjs/common';
import type { Notification } from '@parley-apps/contracts';
import { Observable } from 'rxjs';

/** How many notifications are kept for one user; the oldest go first. */
export const MAX_PER_USER = 100;
/** For how many users any are kept; whoever heard nothing for longest goes first. */
export const MAX_USERS = 10_000;

/**
 * Notifications in this process's memory, bounded: a restart forgets those it had handled (events that come
 * while it is down wait in Kafka), and a second instance would not see them. Enough for a sample.
 */
@Injectable()
export class NotificationsStore {
  private readonly kept = new Map<string, Notification[]>();
  private readonly followers = new Map<string, Set<(notification: Notification) => void>>();

  /** Keeps the notification and tells who follows its user. The same id again changes nothing: events may repeat. */
  add(notification: Notification): void {
    const { userId } = notification;
    const earlier = this.kept.get(userId) ?? [];
    if (earlier.some(({ id }) => id === notification.id)) return;
    this.kept.delete(userId);
    this.kept.set(userId, [...earlier, notification].slice(-MAX_PER_USER));
    if (this.kept.size > MAX_USERS) this.forgetOldest();
    for (const tell of this.followers.get(userId) ?? []) tell(notification);
  }

  /** Newest first. */
  list(userId: string): Notification[] {
    return (this.kept.get(userId) ?? []).toReversed();
  }

  /** What is kept after the notification `after` (all, where that is not known), then each as it comes. Never completes. */
  follow(userId: string, after?: string): Observable<Notification> {
    return new Observable(subscriber => {
      const tell = (notification: Notification): void => subscriber.next(notification);
      const kept = this.kept.get(userId) ?? [];
      kept.slice(kept.findIndex(({ id }) => id === after) + 1).forEach(tell);
      const followers = this.followers.get(userId) ?? new Set();
      this.followers.set(userId, followers.add(tell));
      return () => {
        followers.delete(tell);
        if (followers.size === 0) this.followers.delete(userId);
      };
    });
  }

  private forgetOldest(): void {
    for (const userId of this.kept.keys()) {
      this.kept.delete(userId);
      return;
    }
  }
}
