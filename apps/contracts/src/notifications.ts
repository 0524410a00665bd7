import { z } from 'zod';

/** Call `notifications.list` of notification: newest first. */
export const ListNotifications = z.object({ userId: z.uuid() });
export type ListNotifications = z.infer<typeof ListNotifications>;

/**
 * Call `notifications.live` of notification: one request, an endless stream of answers. It starts with what
 * is kept, oldest first, or only with what came after the notification `after` where that is known.
 */
export const FollowNotifications = z.object({ userId: z.uuid(), after: z.string().max(200).optional() });
export type FollowNotifications = z.infer<typeof FollowNotifications>;

export interface Notification {
  id: string;
  userId: string;
  kind: 'welcome' | 'session';
  text: string;
  /** ISO 8601, UTC. */
  at: string;
}
