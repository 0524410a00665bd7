import type { KeptLetter } from './letter.js';
import { causeOf } from './summary.js';

/** Which letters are meant: those of which everything that is given here is true. */
export interface Selection {
  /** The event's topic or pattern, or the dead letter topic. */
  topic?: string;
  /** Words of the cause (`TypeError`, `connection refused`), in any case. */
  cause?: string;
  /** The event's key, whole. */
  key?: string;
  /** Given up before this time. */
  before?: Date;
  /** Given up at this time or after. */
  after?: Date;
}

export function selects({ cause, key, before, after }: Selection, letter: KeptLetter): boolean {
  if (cause !== undefined && !causeOf(letter).toLowerCase().includes(cause.toLowerCase())) return false;
  if (key !== undefined && letter.record.key?.toString() !== key) return false;
  if (before !== undefined && letter.at >= before) return false;
  return after === undefined || letter.at >= after;
}
