import { describe, expect, it } from 'vitest';
import type { ReceivedRecord } from '../drivers/driver.js';
import type { RequestHeader } from '../wire/header.js';
import { contextOfRequest } from './context-of-record.js';
import { timeLeftMs } from './time-left.js';

describe('the time left for a request', () => {
  it.each([
    ['in step', 0],
    ['1.5 s ahead', 1500],
    ['1.5 s behind', -1500],
    ['an hour behind', -3_600_000],
  ])('is all that its caller gave it on a server whose clock is %s', (_clock, skewMs) => {
    expect(timeLeftMs(1000, 5_000_000, 5_000_000 + skewMs)).toBe(1000);
  });

  it('is over once the request is older than its time and the tolerance', () => {
    expect(timeLeftMs(1000, 0, 2999)).toBe(1);
    expect(timeLeftMs(1000, 0, 3000)).toBe(0);
    expect(timeLeftMs(1000, 0, 9000)).toBeLessThan(0);
  });

  it('is what a handler’s own calls may take, whatever the clocks say', () => {
    const request = { kind: 'request', timeoutMs: 1000, pattern: 'x' } as RequestHeader;
    const ahead = { timestamp: Date.now() - 1500 } as ReceivedRecord;
    const behind = { timestamp: Date.now() + 1500 } as ReceivedRecord;
    for (const record of [ahead, behind]) {
      const { remainingMs } = contextOfRequest(request, record);
      expect(remainingMs).toBeGreaterThan(900);
      expect(remainingMs).toBeLessThanOrEqual(1000);
    }
  });
});
