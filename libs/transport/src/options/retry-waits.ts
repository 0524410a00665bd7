import { ExponentialBackoff, halfJitterGenerator, noJitterGenerator } from 'cockatiel';

/** How long a policy waits before it tries again. Times are in milliseconds. */
export interface RetryWaits {
  /** The first wait; it doubles with each further one. */
  waitMs: number;
  /** The longest. */
  maxWaitMs: number;
  /** Draws each wait from its half to all of it, so that what failed together does not come back together. */
  jitter: boolean;
}

/** Gives one wait after another, in ms. */
export function retryWaits({ waitMs, maxWaitMs, jitter }: RetryWaits): () => number {
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
