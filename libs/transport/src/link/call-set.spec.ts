import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallSet } from './call-set.js';

describe('a set of calls', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const settles = (waited: Promise<void>) => {
    const settled = vi.fn();
    void waited.then(settled);
    return settled;
  };

  it('is waited for until all have left, those too that came meanwhile', async () => {
    const calls = new CallSet(new Set(['a', 'b']));
    const settled = settles(calls.whenEmpty(1000));
    calls.delete('a');
    calls.delete('a');
    calls.delete('another');
    calls.add('c');
    calls.delete('c');
    await vi.advanceTimersByTimeAsync(999);
    expect(settled).not.toHaveBeenCalled();
    calls.delete('b');
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not waited for longer than is told, nor where it is empty', async () => {
    const late = settles(new CallSet(new Set(['a'])).whenEmpty(1000));
    const none = settles(new CallSet(new Set()).whenEmpty(1000));
    await vi.advanceTimersByTimeAsync(999);
    expect(none).toHaveBeenCalled();
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalled();
  });
});
