import { type Body, isSame } from '../body.js';
import type { Outcome } from './call-log.js';

/** A stream's items, in fleets: what was asked, numbered. */
export interface SeriesItem {
  asked: Body;
  n: number;
}

export const SERIES_ITEMS = 20;

/** How long between two items, so that a stream is likely to be open while its server is rolled. */
export const SERIES_MS = 10;

/** How a stream ended that completed: answered if it came whole and in order. */
export function seriesOutcome(asked: Body, items: readonly unknown[]): Outcome {
  const numbers = items.map(item => numberOf(asked, item));
  if (numbers.includes(undefined)) return 'wrong';
  if (new Set(numbers).size < numbers.length) return 'repeated';
  const whole = numbers.length === SERIES_ITEMS && numbers.every((n, index) => n === index);
  return whole ? 'answered' : 'failed';
}

function numberOf(asked: Body, item: unknown): number | undefined {
  if (typeof item !== 'object' || item === null || !('asked' in item) || !('n' in item)) return undefined;
  return isSame(asked, item.asked) && typeof item.n === 'number' ? item.n : undefined;
}
