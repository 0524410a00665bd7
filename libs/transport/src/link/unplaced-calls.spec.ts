import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnplacedCalls } from './unplaced-calls.js';

describe('calls that ended before their server was known', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const settles = (waited: Promise<void>) => {
    const settled = vi.fn();
    void waited.then(settled);
    return settled;
  };

  it('are waited for until each was heard of', async () => {
    const calls = new UnplacedCalls(new Set(['a', 'b']));
    const settled = settles(calls.whenHeard(1000));
    calls.heard('a');
    calls.heard('a');
    calls.heard('another');
    await vi.advanceTimersByTimeAsync(999);
    expect(settled).not.toHaveBeenCalled();
    calls.heard('b');
    await vi.advanceTimersByTimeAsync(0);
    expect(settled).toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not waited for longer than is told, nor where there are none', async () => {
    const late = settles(new UnplacedCalls(new Set(['a'])).whenHeard(1000));
    const none = settles(new UnplacedCalls(new Set()).whenHeard(1000));
    await vi.advanceTimersByTimeAsync(999);
    expect(none).toHaveBeenCalled();
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalled();
  });
});
