import { isUnexpected } from '../exceptions/thrown.js';
import type { BoundedLog } from '../link/bounded-log.js';

/** Tells the log of what a handler threw, unless it is an answer. */
export function logThrown(log: BoundedLog, pattern: string, thrown: unknown): void {
  if (!isUnexpected(thrown)) return;
  const isError = thrown instanceof Error;
  log.error(
    `handler of ${pattern}`,
    `The handler of ${pattern} threw ${isError ? thrown.message : typeof thrown}`,
    isError ? thrown.stack : undefined,
  );
}
