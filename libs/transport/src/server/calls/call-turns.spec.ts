import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { justWait, type Park } from '../../consume/lanes.js';
import { CallTurns, type CallWait } from './call-turns.js';

const turn = () => vi.advanceTimersByTimeAsync(0);

describe('the turns of a handler', () => {
  let turns: CallTurns;
  let log: string[];
  let running: Map<string, () => void>;
  beforeEach(() => {
    vi.useFakeTimers();
    turns = new CallTurns(2);
    [log, running] = [[], new Map()];
  });
  afterEach(() => void vi.useRealTimers());

  /** A call by this name, which runs until `running` lets it end; the log tells how it went. */
  function call(name: string, wait: Partial<CallWait> = {}): void {
    const room = { calls: 3, bytes: 100 };
    turns
      .run({ bytes: 1, withinMs: 1000, room, park: justWait, ...wait }, async () => {
        log.push(name);
        await new Promise<void>(resolve => running.set(name, resolve));
      })
      .then(
        missed => log.push(`${name} ${missed ?? 'ended'}`),
        (error: Error) => log.push(`${name}: ${error.message}`),
      );
  }

  it('go to so many at a time, in order', async () => {
    for (const name of ['a', 'b', 'c', 'd']) call(name);
    await turn();
    expect([log, turns.waiting]).toEqual([['a', 'b'], 2]);
    running.get('b')!();
    await turn();
    expect(log).toEqual(['a', 'b', 'b ended', 'c']);
    running.get('a')!();
    await turn();
    expect([log.at(-1), turns.waiting]).toEqual(['d', 0]);
    for (const name of ['c', 'd']) running.get(name)!();
    await turn();
    call('e');
    expect(log.at(-1)).toBe('e');
  });

  it('are given up with what their callers allow, and make room', async () => {
    for (const name of ['a', 'b']) call(name);
    call('late', { withinMs: 10 });
    call('next');
    await vi.advanceTimersByTimeAsync(10);
    expect([log, turns.waiting]).toEqual([['a', 'b', 'late expired'], 1]);
    running.get('a')!();
    await turn();
    expect(log.at(-1)).toBe('next');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are refused where as many wait as may, or as much', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) call(name);
    await turn();
    expect(log).toEqual(['a', 'b', 'f full']);
    turns = new CallTurns(1);
    log = [];
    call('a');
    call('large', { bytes: 1000 });
    call('more', { bytes: 1 });
    await turn();
    expect(log).toEqual(['a', 'more full']);
    running.get('a')!();
    await turn();
    call('again', { bytes: 1 });
    expect([log.at(-1), turns.waiting]).toEqual(['large', 1]);
  });

  it('are given on by whoever cannot take theirs: its slot did not come back', async () => {
    const lost: Park = async awaited => {
      await awaited;
      throw new Error('elsewhere');
    };
    for (const name of ['a', 'b']) call(name);
    call('lost', { park: lost });
    call('next');
    running.get('a')!();
    await turn();
    expect(log).toEqual(['a', 'b', 'a ended', 'lost: elsewhere', 'next']);
  });

  it('come to nobody any more once the process stops', async () => {
    for (const name of ['a', 'b', 'c']) call(name);
    turns.withdraw();
    call('d');
    await turn();
    expect(log).toEqual(['a', 'b', 'd withdrawn', 'c withdrawn']);
    for (const name of ['a', 'b']) running.get(name)!();
    await turn();
    expect(log.slice(4)).toEqual(['a ended', 'b ended']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
