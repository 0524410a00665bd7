import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Condition } from './condition.js';

describe('a condition', () => {
  const went = vi.fn<(who: string) => void>();

  beforeEach(() => {
    vi.useFakeTimers();
    went.mockClear();
  });
  afterEach(() => void vi.useRealTimers());

  it('lets all go on that wait when it is signalled, and nobody who comes later', async () => {
    const condition = new Condition();
    condition.signal();
    void condition.wait(100).then(() => went('one'));
    void condition.wait(200).then(() => went('other'));
    await vi.advanceTimersByTimeAsync(99);
    expect(went.mock.calls).toEqual([]);
    condition.signal();
    await vi.advanceTimersByTimeAsync(0);
    expect(went.mock.calls).toEqual([['one'], ['other']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is waited for no longer than each says', async () => {
    const condition = new Condition();
    void condition.wait(100).then(() => went('one'));
    void condition.wait(200).then(() => went('other'));
    await vi.advanceTimersByTimeAsync(100);
    expect(went.mock.calls).toEqual([['one']]);
    condition.signal();
    await vi.advanceTimersByTimeAsync(0);
    expect(went.mock.calls).toEqual([['one'], ['other']]);
  });
});
