import { ExponentialBackoff, halfJitterGenerator, noJitterGenerator } from 'cockatiel';
import { z } from 'zod';

/** What happens to an event whose handler fails. Times are in milliseconds. */
export interface EventRetry {
  /** Runs one after another, the first included: while they wait, later events of the same key do too. Default 4. */
  attempts?: number;
  /** The wait before the second run; it doubles with each further one. Default 100. */
  waitMs?: number;
  /** The longest of these waits. Default 30,000. */
  maxWaitMs?: number;
  /** Draws each wait from its half to all of it, so that what failed together does not come back together. Default true. */
  jitter?: boolean;
  /** Whether another run may help: where it returns false the event becomes a dead letter at once. Default: always. */
  when?: (error: unknown) => boolean;
}

/** Every default of `@Handling` for events. */
export const EVENT_DEFAULTS = {
  attempts: 4,
  waitMs: 100,
  maxWaitMs: 30_000,
  jitter: true,
  timeoutMs: 300_000,
} as const;

const MAX_MS = 2_147_483_647;

export const eventShape = {
  retry: z
    .strictObject({
      attempts: z.number().int().positive().max(1000).optional(),
      waitMs: z.number().int().nonnegative().max(MAX_MS).optional(),
      maxWaitMs: z.number().int().positive().max(MAX_MS).optional(),
      jitter: z.boolean().optional(),
      when: z
        .custom<(error: unknown) => boolean>(value => typeof value === 'function', 'needs to be a function')
        .optional(),
    })
    .optional(),
  timeoutMs: z.number().int().positive().max(MAX_MS).optional(),
};

export interface EventPolicy {
  attempts: number;
  timeoutMs: number;
  /** A `when` that throws says no. */
  worthAnother(error: unknown): boolean;
  /** The waits between runs in place, one after another. */
  waits(): () => number;
}

export function eventPolicy(handling: { retry?: EventRetry; timeoutMs?: number }): EventPolicy {
  const { retry = {}, timeoutMs = EVENT_DEFAULTS.timeoutMs } = handling;
  const { when } = retry;
  return {
    attempts: retry.attempts ?? EVENT_DEFAULTS.attempts,
    timeoutMs,
    worthAnother: error => {
      try {
        return when?.(error) ?? true;
      } catch {
        return false;
      }
    },
    waits: () => waits({ ...EVENT_DEFAULTS, ...retry }),
  };
}

function waits({ waitMs, maxWaitMs, jitter }: { waitMs: number; maxWaitMs: number; jitter: boolean }) {
  const options = { initialDelay: waitMs, maxDelay: maxWaitMs };
  // Each kind of jitter has its own type of state.
  let backoff = jitter
    ? new ExponentialBackoff({ ...options, generator: halfJitterGenerator }).next()
    : new ExponentialBackoff({ ...options, generator: noJitterGenerator }).next();
  return () => {
    const { duration } = backoff;
    backoff = backoff.next(undefined);
    return duration;
  };
}
