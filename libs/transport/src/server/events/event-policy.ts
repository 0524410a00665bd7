import { z } from 'zod';
import { retryWaits } from '../../options/retry-waits.js';

/** What happens to an event whose handler fails. Times are in milliseconds. */
export interface EventRetry {
  /**
   * Runs one after another, the first included. While an event waits for the next, later ones of the same key wait
   * behind it; others go on. Default 4.
   */
  attempts?: number;
  /** The wait before the second run; it doubles with each further one. Default 100. */
  waitMs?: number;
  /** The longest of these waits. Default 30,000. */
  maxWaitMs?: number;
  /** Draws each wait from its half to all of it, so that what failed together does not come back together. Default true. */
  jitter?: boolean;
  /** Whether another run may help: where it returns false the event becomes a dead letter at once. Default: always. */
  when?: (error: unknown) => boolean;
  /**
   * Further runs, each after its wait on a topic `<event>.<service>.retry.<delay>`: the event's own partition is done
   * with it, and nothing waits behind it. So later events of its key overtake it, unless `keepOrder`. Default none.
   */
  delaysMs?: readonly number[];
  /**
   * These waits pass in place as well: later events of the key wait too, and no others do, until the partition has
   * twice `eventConcurrency` events in hand and is not read on. A restart begins with the runs anew. Default false.
   */
  keepOrder?: boolean;
}

/** Every default of `@Handling` for events. */
export const EVENT_DEFAULTS = {
  attempts: 4,
  waitMs: 100,
  maxWaitMs: 30_000,
  jitter: true,
  delaysMs: [],
  keepOrder: false,
  timeoutMs: 300_000,
} as const satisfies EventRetry & { timeoutMs: number };

const MAX_MS = 2_147_483_647;
const milliseconds = z.number().int().positive().max(MAX_MS);

export const eventShape = {
  retry: z
    .strictObject({
      attempts: z.number().int().positive().max(1000).optional(),
      waitMs: z.number().int().nonnegative().max(MAX_MS).optional(),
      maxWaitMs: milliseconds.optional(),
      jitter: z.boolean().optional(),
      when: z
        .custom<(error: unknown) => boolean>(value => typeof value === 'function', 'needs to be a function')
        .optional(),
      delaysMs: z.array(milliseconds).max(20).optional(),
      keepOrder: z.boolean().optional(),
    })
    .optional(),
  timeoutMs: milliseconds.optional(),
  concurrency: z.number().int().positive().max(100_000).optional(),
  broadcast: z.boolean().optional(),
};

export interface EventPolicy {
  /** Runs in place. */
  attempts: number;
  /** How long each may take. */
  timeoutMs: number;
  /** The waits on retry topics, one after another. */
  hops: readonly number[];
  /** A `when` that throws says no. */
  worthAnother(error: unknown): boolean;
  /** Gives the waits between the runs in place, one after another. */
  waits(): () => number;
}

export function eventPolicy(handling: { retry?: EventRetry; timeoutMs?: number }): EventPolicy {
  const { retry = {}, timeoutMs = EVENT_DEFAULTS.timeoutMs } = handling;
  const {
    attempts = EVENT_DEFAULTS.attempts,
    waitMs = EVENT_DEFAULTS.waitMs,
    maxWaitMs = EVENT_DEFAULTS.maxWaitMs,
    jitter = EVENT_DEFAULTS.jitter,
    delaysMs = EVENT_DEFAULTS.delaysMs,
    keepOrder = EVENT_DEFAULTS.keepOrder,
    when,
  } = retry;
  const inPlace = keepOrder ? delaysMs : [];
  return {
    attempts: attempts + inPlace.length,
    timeoutMs,
    hops: keepOrder ? [] : delaysMs,
    worthAnother: error => {
      try {
        return when?.(error) ?? true;
      } catch {
        return false;
      }
    },
    waits: () => {
      const nextShort = retryWaits({ waitMs, maxWaitMs, jitter });
      let given = 0;
      return () => {
        given += 1;
        return given < attempts ? nextShort() : inPlace[given - attempts]!;
      };
    },
  };
}
