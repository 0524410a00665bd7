import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

describe('backoffMs', () => {
  it('doubles from 20 ms to a second, jittered over the upper half', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map(attempt => backoffMs(attempt, () => 1))).toEqual([
      20, 40, 80, 160, 320, 640, 1000, 1000, 1000,
    ]);
    expect(backoffMs(2, () => 0)).toBe(20);
  });
});
