/** When a collection is whole. */
export interface CollectOptions {
  /** How long answers are waited for, in ms. Default: the call's timeout. */
  windowMs?: number;
  /** Answers after which nothing more is waited for. Default: whatever comes within the window. */
  expect?: number;
}

/** Node runs a timer of more than 2^31 - 1 ms at once. */
const MAX_MILLISECONDS = 2_147_483_647;

/** Raises TypeError for options that cannot be used, with what is wrong. */
export function checkCollectOptions({ windowMs, expect }: CollectOptions): void {
  if (windowMs !== undefined && !(windowMs > 0 && windowMs <= MAX_MILLISECONDS)) {
    throw new TypeError(
      `collect's windowMs takes milliseconds greater than 0, ${MAX_MILLISECONDS} at most; got ${String(windowMs)}`,
    );
  }
  if (expect !== undefined && !(Number.isInteger(expect) && expect >= 1)) {
    throw new TypeError(`collect's expect takes a whole number of answers, 1 or more; got ${String(expect)}`);
  }
}
