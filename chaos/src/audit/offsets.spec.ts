import { describe, expect, it } from 'vitest';
import { auditOffsets } from './offsets.js';

const seen = (at: number, offset: number, partition = 0) => ({
  at,
  group: 'g',
  topic: 't',
  partition,
  offset,
});

describe('the audit of offsets', () => {
  it('finds nothing where they rise or stay', () => {
    expect(auditOffsets([seen(1, -1), seen(2, 5), seen(3, 0, 1), seen(4, 5), seen(5, 6)])).toEqual([]);
  });

  it.each([3, -1])('finds one that goes back to %i', offset => {
    expect(auditOffsets([seen(1, 5), seen(2, 9, 1), seen(3, offset)])).toEqual([
      {
        rule: 'a committed offset does not go back',
        what: `g of t/0 went from 5 back to ${offset}`,
        from: 1,
        until: 3,
      },
    ]);
  });
});
