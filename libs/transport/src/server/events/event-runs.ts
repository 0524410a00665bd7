import type { EventPolicy } from './event-policy.js';

/** How a handler failed at an event, after all of its runs in place. */
export interface EventFailure {
  /** What the last run threw. */
  cause: unknown;
  /** Runs so far. */
  attempts: number;
  firstFailedAt: Date;
  /** Whether a later run may help. */
  worthAnother: boolean;
}

/** What became of an event at one of its handlers. */
export type EventOutcome = { kind: 'handled' } | ({ kind: 'failed' } & EventFailure);

/**
 * Runs a handler until it has succeeded, or all its runs are used up. `run` gets the number of the run, 1 for the first;
 * `pause` waits between two of them, in ms. Rejects where a run fails or a wait goes on once `left` is aborted: the event is
 * somebody else's then, to run and to keep.
 */
export async function runEvent(
  run: (attempt: number) => Promise<void>,
  policy: EventPolicy,
  pause: (ms: number) => Promise<void>,
  left: AbortSignal,
): Promise<EventOutcome> {
  let nextWaitMs: (() => number) | undefined;
  let firstFailedAt: Date | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await run(attempt);
      return { kind: 'handled' };
    } catch (cause) {
      left.throwIfAborted();
      firstFailedAt ??= new Date();
      const worthAnother = policy.worthAnother(cause);
      if (attempt >= policy.attempts || !worthAnother)
        return { kind: 'failed', cause, attempts: attempt, firstFailedAt, worthAnother };
    }
    nextWaitMs ??= policy.waits();
    await pause(nextWaitMs());
  }
}
