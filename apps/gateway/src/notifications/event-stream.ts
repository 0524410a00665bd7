import type { MessageEvent } from '@nestjs/common';
import type { Notification } from '@parley-apps/contracts';
import {
  connect,
  endWith,
  ignoreElements,
  interval,
  map,
  merge,
  type Observable,
  takeUntil,
  timer,
} from 'rxjs';

/** How often a comment is sent, so that no proxy takes the stream for dead. */
export const KEEP_ALIVE_MS = 15_000;
/** How long a browser waits before it opens again a stream that ended. */
export const RECONNECT_MS = 1_000;

/**
 * Turns notifications into server-sent events, each with its id, which a browser that reconnects names as the
 * last it got. Ends with the notifications, or when the token that opened it expires (ms since 1970).
 */
export function eventStream(
  notifications: Observable<Notification>,
  expiresAt: number,
): Observable<MessageEvent> {
  const events = notifications.pipe(
    map((notification): MessageEvent => ({ id: notification.id, data: notification, retry: RECONNECT_MS })),
  );
  const keptAlive = connect<MessageEvent, Observable<MessageEvent>>(shared =>
    merge(shared, keepAlive.pipe(takeUntil(shared.pipe(ignoreElements(), endWith(true))))),
  );
  return events.pipe(keptAlive, takeUntil(timer(new Date(expiresAt))));
}

const keepAlive = interval(KEEP_ALIVE_MS).pipe(map((): MessageEvent => ({ comment: 'keep-alive' })));
