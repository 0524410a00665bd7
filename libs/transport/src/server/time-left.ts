/**
 * How far the clocks of broker and server may be apart, in ms: by so much a request may look older than it is without
 * being taken for an expired one.
 */
export const CLOCK_TOLERANCE_MS = 2000;

/**
 * For how long a request's caller still waits, in ms, never more than it said; 0 or less where it waits no more.
 * `appendedAt` is the broker's clock, `now` this machine's.
 */
export function timeLeftMs(timeoutMs: number, appendedAt: number, now: number): number {
  return timeoutMs - Math.max(0, now - appendedAt - CLOCK_TOLERANCE_MS);
}
