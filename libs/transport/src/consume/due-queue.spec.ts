import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DueQueue } from './due-queue.js';

describe('DueQueue', () => {
  let released: string[];
  let queue: DueQueue;
  const add = (name: string, inMs: number) => queue.add(Date.now() + inMs, () => released.push(name));

  beforeEach(() => {
    vi.useFakeTimers();
    released = [];
    queue = new DueQueue(() => released.push('empty'));
  });
  afterEach(() => void vi.useRealTimers());

  it('releases at once what is due, with nothing before it', () => {
    add('due', 0);
    expect(released).toEqual(['due']);
    expect(queue.size).toBe(0);
  });

  it('releases each when it is due, and never before what was added earlier', () => {
    add('a', 1000);
    add('b', 0);
    add('c', 2000);
    expect(released).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(released).toEqual(['a', 'b']);
    expect(queue.size).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(released).toEqual(['a', 'b', 'c', 'empty']);
  });

  it('waits for longer than a timer can', () => {
    add('a', 2 ** 32);
    vi.advanceTimersByTime(2 ** 31);
    expect(released).toEqual([]);
    vi.advanceTimersByTime(2 ** 31);
    expect(released).toEqual(['a', 'empty']);
  });

  it('releases nothing after it was closed, and holds no timer', () => {
    add('a', 1000);
    queue.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(2000);
    expect(released).toEqual([]);
  });
});
