import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { median, rise, slope } from './trend.js';

const at = (...values: number[]) => values.map((value, index) => ({ at: index, value }));

describe('slope', () => {
  it('is that of a line', () => {
    expect(slope(at(1, 3, 5, 7))).toBe(2);
    expect(
      slope([
        { at: 10, value: 0 },
        { at: 30, value: -10 },
      ]),
    ).toBe(-0.5);
  });

  it('is hardly moved by a few points that are far off', () => {
    expect(slope(at(1, 2, 300, 4, 5, 6, -200, 8, 9))).toBeCloseTo(1, 0);
  });

  it('is 0 where there is nothing to tell from', () => {
    expect([
      slope([]),
      slope(at(5)),
      slope([
        { at: 1, value: 1 },
        { at: 1, value: 9 },
      ]),
    ]).toEqual([0, 0, 0]);
  });
});

describe('rise', () => {
  it('is that of the textbook: ten values in order', () => {
    expect(rise(at(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))).toBeCloseTo(44 / Math.sqrt(125), 9);
  });

  it('counts ties for neither side, and as less to differ by', () => {
    // 8 rises, no fall, 2 ties; variance 50/3 less twice that of a pair, 1.
    expect(rise(at(1, 1, 2, 3, 3))).toBeCloseTo(7 / Math.sqrt(50 / 3 - 2), 9);
    expect(rise(at(4, 4, 4, 4))).toBe(0);
  });

  test.prop([fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 30 })])(
    'turns around with the values, whatever their scale',
    values => {
      const up = rise(at(...values));
      expect(rise(at(...values.map(value => -value)))).toBeCloseTo(-up, 9);
      expect(rise(at(...values.map(value => value * 1_000 + 7)))).toBeCloseTo(up, 9);
    },
  );
});

describe('median', () => {
  it('is the middle, or between the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, 0]);
  });
});
