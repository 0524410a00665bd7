import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';
import { SENDER_DEFAULTS } from './sender-options.js';

describe('backoffMs', () => {
  it('doubles from 20 ms to a second, jittered over the upper half', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 100].map(attempt => backoffMs(attempt, { random: () => 1 }))).toEqual([
      20, 40, 80, 160, 320, 640, 1000, 1000, 1000,
    ]);
    expect(backoffMs(2, { random: () => 0 })).toBe(20);
  });

  it('stays within a limit of its own', () => {
    expect([4, 5, 100].map(attempt => backoffMs(attempt, { longestMs: 200, random: () => 1 }))).toEqual([
      160, 200, 200,
    ]);
  });
});

describe('the sender', () => {
  it('looks for a new leader five times a second, however long there was none: every call waits for it', () => {
    const waits = [5, 7, 20, 1_000].map(attempt => SENDER_DEFAULTS.backoff(attempt));
    expect(Math.max(...waits)).toBeLessThanOrEqual(200);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
  });
});
