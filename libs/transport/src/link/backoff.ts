/** The first wait, in ms. */
const FIRST_MS = 20;
/** The longest wait, in ms, where none is given. */
const LONGEST_MS = 1000;

/**
 * Exponential back-off with full jitter over the upper half
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/): attempt 1 waits 10 to 20 ms, and
 * none waits longer than `longestMs`.
 */
export function backoffMs(
  attempt: number,
  { longestMs = LONGEST_MS, random = Math.random }: { longestMs?: number; random?: () => number } = {},
): number {
  const ceiling = Math.min(longestMs, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return ceiling / 2 + (random() * ceiling) / 2;
}
