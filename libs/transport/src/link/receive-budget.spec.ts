import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MIN_SHARE_BYTES, ReceiveBudget } from './receive-budget.js';

describe('the receive budget', () => {
  it('gives what is wanted while there is room, and the minimum beyond it', () => {
    const budget = new ReceiveBudget(100_000);
    expect(budget.exchange(0, 90_000)).toBe(90_000);
    expect(budget.exchange(0, 90_000)).toBe(MIN_SHARE_BYTES);
    budget.release(90_000);
    expect(budget.exchange(MIN_SHARE_BYTES, 90_000)).toBe(90_000);
  });

  test.prop([fc.array(fc.integer({ min: MIN_SHARE_BYTES, max: 200_000 }))])(
    'is whole again when every share is back',
    wanted => {
      const budget = new ReceiveBudget(500_000);
      const shares = wanted.map(bytes => budget.exchange(0, bytes));
      for (const share of shares) budget.release(share);
      expect(budget.inUse).toBe(0);
    },
  );
});
