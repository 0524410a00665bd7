import { describe, expect, it } from 'vitest';
import { body } from '../body.js';
import { SERIES_ITEMS, seriesOutcome } from './series.js';

const asked = body(1);
const whole = Array.from({ length: SERIES_ITEMS }, (_, n) => ({ asked: { ...asked }, n }));

describe('seriesOutcome', () => {
  it.each([
    ['answered', whole],
    ['failed', whole.slice(1)],
    ['failed', whole.slice(0, -1)],
    ['failed', whole.toReversed()],
    ['failed', []],
    ['repeated', [...whole, whole.at(-1)]],
    ['wrong', [...whole.slice(1), { asked: body(2), n: 0 }]],
    ['wrong', [...whole, null]],
  ])('is %s', (outcome, items) => expect(seriesOutcome(asked, items)).toBe(outcome));
});
