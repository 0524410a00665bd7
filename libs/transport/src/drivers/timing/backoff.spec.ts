import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles up to its most, and begins anew when reset', () => {
    const backoff = new Backoff(50, 1_000, () => 0);
    expect(Array.from({ length: 6 }, () => backoff.take())).toEqual([50, 100, 200, 400, 800, 1_000]);
    backoff.reset();
    expect(backoff.take()).toBe(50);
  });

  it('cuts each delay by up to half', () => {
    expect(new Backoff(50, 1_000, () => 0.999_999).take()).toBeCloseTo(25, 3);
  });
});
