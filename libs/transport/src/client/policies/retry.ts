import { defer, retry, tap, throwError, timer, type Observable } from 'rxjs';
import { ParleyException } from '../../exceptions/parley-exception.js';
import type { RetrySettings } from '../../options/policy-options.js';
import { retryWaits } from '../../options/retry-waits.js';

export interface Attempt {
  /** 1 for the first. */
  number: number;
  /** How long it may wait for its answer, in ms. */
  timeoutMs: number;
}

export interface RetryEvents {
  /** An attempt failed, and the next begins after `waitMs`. */
  onRetry(attempt: number, waitMs: number, failure: ParleyException): void;
  /** The last attempt failed, or no time is left for another. */
  onExhausted(attempts: number, failure: ParleyException): void;
}

/**
 * Subscribes to attempts one after another until one has given a value or ended well, or all are used up. What began
 * to deliver is never made again: its failure is the call's. `timeoutMs` spans all attempts and waits; an attempt that
 * could only begin after it is not waited for. Unsubscribing ends the attempt or the wait, whichever it meets.
 */
export function withRetries<T>(
  attempt: (attempt: Attempt) => Observable<T>,
  settings: RetrySettings,
  timeoutMs: number,
  events: RetryEvents,
): Observable<T> {
  return defer(() => {
    const deadline = performance.now() + timeoutMs;
    const remainingMs = () => Math.floor(deadline - performance.now());
    const nextWaitMs = retryWaits(settings);
    let number = 0;
    let begun = false;
    const again = (failure: unknown) => {
      if (begun || !isRetriable(failure, settings)) return throwError(() => failure);
      const waitMs = number < settings.attempts ? nextWaitMs() : Infinity;
      if (waitMs >= remainingMs()) {
        events.onExhausted(number, failure);
        return throwError(() => failure);
      }
      events.onRetry(number, waitMs, failure);
      return timer(waitMs);
    };
    return defer(() => {
      number += 1;
      const patience = Math.min(settings.attemptTimeoutMs ?? Infinity, remainingMs());
      return attempt({ number, timeoutMs: Math.max(1, patience) });
    }).pipe(
      tap(() => (begun = true)),
      retry({ delay: again }),
    );
  });
}

function isRetriable(failure: unknown, { statuses }: RetrySettings): failure is ParleyException {
  return failure instanceof ParleyException && statuses.includes(failure.status);
}
