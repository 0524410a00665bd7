import { beforeEach, describe, expect, it, vi } from 'vitest';
import { eventPolicy } from './event-policy.js';
import { runEvent } from './event-runs.js';

describe('the runs of an event’s handler', () => {
  let waits: number[];
  const pause = async (ms: number) => void waits.push(ms);
  const fails = async (attempt: number) => {
    throw new Error(`failure ${attempt}`);
  };
  const { signal: left } = new AbortController();
  beforeEach(() => void (waits = []));

  it('are one where it succeeds', async () => {
    const run = vi.fn(async () => undefined);
    expect(await runEvent(run, eventPolicy({}), pause, left)).toEqual({ kind: 'handled' });
    expect(run).toHaveBeenCalledExactlyOnceWith(1);
  });

  it('wait ever longer, up to a bound, and end with the last failure', async () => {
    const retry = { attempts: 5, waitMs: 100, maxWaitMs: 300, jitter: false };
    expect(await runEvent(fails, eventPolicy({ retry }), pause, left)).toMatchObject({
      kind: 'failed',
      cause: new Error('failure 5'),
      attempts: 5,
    });
    expect(waits).toEqual([100, 200, 300, 300]);
  });

  it('tell when the first of them failed', async () => {
    let failedFirst = new Date(0);
    const pauseOnce = async () => {
      failedFirst = new Date();
      await new Promise(resolve => setTimeout(resolve, 20));
    };
    const retry = { attempts: 2 };
    const outcome = await runEvent(fails, eventPolicy({ retry }), pauseOnce, left);
    expect(outcome).toMatchObject({ kind: 'failed' });
    if (outcome.kind === 'failed')
      expect(outcome.firstFailedAt.getTime()).toBeLessThanOrEqual(failedFirst.getTime());
  });

  it('draw their waits from half to all of it', async () => {
    const next = eventPolicy({ retry: { attempts: 9, waitMs: 1000, maxWaitMs: 4000 } }).waits();
    for (const most of [1000, 2000, 4000, 4000]) {
      const wait = next();
      expect(wait).toBeGreaterThanOrEqual(most / 2);
      expect(wait).toBeLessThanOrEqual(most);
    }
  });

  it('wait their delays in place too where order is to be kept', async () => {
    const retry = { attempts: 2, waitMs: 10, jitter: false, delaysMs: [1000, 60_000], keepOrder: true };
    expect(eventPolicy({ retry }).hops).toEqual([]);
    expect(await runEvent(fails, eventPolicy({ retry }), pause, left)).toMatchObject({ attempts: 4 });
    expect(waits).toEqual([10, 1000, 60_000]);
    expect(eventPolicy({ retry: { ...retry, keepOrder: false } }).hops).toEqual([1000, 60_000]);
  });

  it('end with a failure that another run does not help, and where nobody can say whether it does', async () => {
    const when = (error: unknown) => (error as Error).message !== 'failure 1';
    const first = await runEvent(fails, eventPolicy({ retry: { when } }), pause, left);
    expect(first).toMatchObject({ kind: 'failed', attempts: 1 });
    const unsure = () => {
      throw new Error('no idea');
    };
    const second = await runEvent(fails, eventPolicy({ retry: { when: unsure } }), pause, left);
    expect(second).toMatchObject({ attempts: 1, cause: new Error('failure 1') });
    expect(waits).toEqual([]);
  });

  it('are left for the next instance where this one stops between two of them', async () => {
    const stops = () => Promise.reject(new Error('stopping'));
    await expect(runEvent(fails, eventPolicy({}), stops, left)).rejects.toThrow('stopping');
  });

  it('have no outcome here where the last fails once the event is another instance’s', async () => {
    const leaving = new AbortController();
    const failsLate = async () => {
      leaving.abort();
      throw new Error('too late');
    };
    const policy = eventPolicy({ retry: { attempts: 1 } });
    await expect(runEvent(failsLate, policy, pause, leaving.signal)).rejects.toBe(leaving.signal.reason);
  });
});
