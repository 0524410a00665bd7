import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoundedLog, LINES_A_SECOND, MAX_LINE_LENGTH } from './bounded-log.js';

describe('BoundedLog', () => {
  const lines: unknown[][] = [];
  const logger = {
    warn: (...line: unknown[]) => void lines.push(['warn', ...line]),
    error: (...line: unknown[]) => void lines.push(['error', ...line]),
  };
  beforeEach(() => {
    vi.useFakeTimers();
    lines.length = 0;
  });
  afterEach(() => void vi.useRealTimers());

  it('writes what comes now and then as it is', () => {
    const log = new BoundedLog(logger);
    for (let index = 0; index < 20; index += 1) {
      log.error('kind', `line ${index}`, 'stack');
      vi.advanceTimersByTime(1000 / LINES_A_SECOND);
    }
    expect(lines).toHaveLength(20);
    expect(lines[0]).toEqual(['error', 'line 0', 'stack']);
  });

  it('adds up what comes by the thousands, each kind by itself', () => {
    const log = new BoundedLog(logger);
    for (let index = 0; index < 100_000; index += 1) log.warn('flood', `line ${index}`);
    log.warn('other', 'one');
    expect(lines).toHaveLength(LINES_A_SECOND + 1);
    vi.advanceTimersByTime(1000);
    expect(lines.at(-1)).toEqual(['warn', '99995 more like it within a second, the last: line 99999']);
    expect(vi.getTimerCount()).toBe(0);
    log.warn('flood', 'again');
    expect(lines.at(-1)).toEqual(['warn', 'again']);
  });

  it('cuts what is too long to be read', () => {
    new BoundedLog(logger).error('kind', 'x'.repeat(1_000_000));
    expect(lines[0]![1]).toHaveLength(MAX_LINE_LENGTH + 1);
  });
});
