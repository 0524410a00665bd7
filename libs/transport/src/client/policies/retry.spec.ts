import { EMPTY, NEVER, Observable, concat, of, throwError, type Observer } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParleyException } from '../../exceptions/parley-exception.js';
import { POLICY_DEFAULTS, type RetrySettings } from '../../options/policy-options.js';
import type { StatusCode } from '../../wire/status.js';
import { withRetries, type Attempt } from './retry.js';

const defaults: RetrySettings = {
  ...POLICY_DEFAULTS.retry,
  statuses: POLICY_DEFAULTS.statuses,
  attemptTimeoutMs: undefined,
};

const failing = (status: StatusCode) => throwError(() => new ParleyException(status, status));

interface Given {
  attempts: (attempt: Attempt) => Observable<unknown>;
  settings?: Partial<RetrySettings>;
  timeoutMs?: number;
}

function start({ attempts, settings = {}, timeoutMs = 30_000 }: Given) {
  const log: unknown[] = [];
  const made: (Attempt & { at: number })[] = [];
  const told: unknown[] = [];
  const begin = Date.now();
  const call = withRetries(
    attempt => {
      made.push({ ...attempt, at: Date.now() - begin });
      return attempts(attempt);
    },
    { ...defaults, ...settings },
    timeoutMs,
    {
      onRetry: (attempt, waitMs, { status }) => told.push(['retry', attempt, waitMs, status]),
      onExhausted: (number, { status }) => told.push(['exhausted', number, status]),
    },
  );
  const observer: Partial<Observer<unknown>> = {
    next: value => log.push(value),
    error: (failure: ParleyException) => log.push(failure.status),
    complete: () => log.push('complete'),
  };
  return { log, made, told, subscription: call.subscribe(observer) };
}

describe('withRetries', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('makes three attempts, 1 s and then 2 s apart, and fails with the last status', () => {
    const { log, made, told } = start({ attempts: () => failing('UNAVAILABLE') });
    vi.advanceTimersByTime(10_000);
    expect(made.map(({ number, at }) => [number, at])).toEqual([
      [1, 0],
      [2, 1000],
      [3, 3000],
    ]);
    expect(log).toEqual(['UNAVAILABLE']);
    expect(told).toEqual([
      ['retry', 1, 1000, 'UNAVAILABLE'],
      ['retry', 2, 2000, 'UNAVAILABLE'],
      ['exhausted', 3, 'UNAVAILABLE'],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives what a later attempt gives', () => {
    const { log, told } = start({
      attempts: ({ number }) => (number < 3 ? failing('UNAVAILABLE') : of('a', 'b')),
    });
    vi.advanceTimersByTime(3000);
    expect(log).toEqual(['a', 'b', 'complete']);
    expect(told).toHaveLength(2);
  });

  it('never makes a call again that has delivered something', () => {
    const { log, made } = start({ attempts: () => concat(of('a'), failing('UNAVAILABLE')) });
    vi.advanceTimersByTime(10_000);
    expect(log).toEqual(['a', 'UNAVAILABLE']);
    expect(made).toHaveLength(1);
  });

  it('takes an empty reply for a reply', () => {
    expect(start({ attempts: () => EMPTY }).log).toEqual(['complete']);
  });

  it.each<StatusCode>(['NOT_FOUND', 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED', 'INTERNAL', 'DATA_LOSS'])(
    'does not repeat %s, unless told to',
    status => {
      expect(start({ attempts: () => failing(status) }).log).toEqual([status]);
      const told = start({ attempts: () => failing(status), settings: { statuses: [status] } });
      vi.advanceTimersByTime(10_000);
      expect(told.made).toHaveLength(3);
    },
  );

  it('does not repeat what is no status at all', () => {
    const thrown = new Error('a bug');
    const seen: unknown[] = [];
    const events = { onRetry: () => seen.push('retry'), onExhausted: () => seen.push('exhausted') };
    withRetries(() => throwError(() => thrown), defaults, 1000, events).subscribe({
      error: failure => seen.push(failure),
    });
    expect(seen).toEqual([thrown]);
  });

  it('gives each attempt what is left of the whole time, or its own share', () => {
    const whole = start({ attempts: () => failing('UNAVAILABLE'), timeoutMs: 10_000 });
    const shares = start({
      attempts: () => failing('UNAVAILABLE'),
      timeoutMs: 10_000,
      settings: { attemptTimeoutMs: 8000 },
    });
    vi.advanceTimersByTime(10_000);
    expect(whole.made.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 9000, 7000]);
    expect(shares.made.map(({ timeoutMs }) => timeoutMs)).toEqual([8000, 8000, 7000]);
  });

  it('fails at once where the next attempt could begin only after the deadline', () => {
    const { log, made, told } = start({ attempts: () => failing('UNAVAILABLE'), timeoutMs: 2500 });
    vi.advanceTimersByTime(1000);
    expect(log).toEqual(['UNAVAILABLE']);
    expect(made).toHaveLength(2);
    expect(told.at(-1)).toEqual(['exhausted', 2, 'UNAVAILABLE']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits no longer than maxWaitMs', () => {
    const settings = { attempts: 5, waitMs: 100, maxWaitMs: 300 };
    const { made } = start({ attempts: () => failing('UNAVAILABLE'), settings });
    vi.advanceTimersByTime(5000);
    expect(made.map(({ at }) => at)).toEqual([0, 100, 300, 600, 900]);
  });

  it('draws waits between half and the whole where jitter is asked for', () => {
    const { told } = start({
      attempts: () => failing('UNAVAILABLE'),
      settings: { jitter: true, attempts: 20, waitMs: 1000, maxWaitMs: 1000 },
    });
    vi.advanceTimersByTime(30_000);
    const waits = told.flatMap(entry =>
      (entry as unknown[])[0] === 'retry' ? [(entry as number[])[2]!] : [],
    );
    expect(new Set(waits).size).toBeGreaterThan(1);
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(500);
      expect(wait).toBeLessThanOrEqual(1000);
    }
  });

  it('ends with its subscriber: in a wait, and in an attempt', () => {
    const waiting = start({ attempts: () => failing('UNAVAILABLE') });
    waiting.subscription.unsubscribe();
    expect(vi.getTimerCount()).toBe(0);
    let open = 0;
    const attempting = start({
      attempts: () =>
        new Observable(() => {
          open += 1;
          return () => (open -= 1);
        }),
    });
    attempting.subscription.unsubscribe();
    expect(open).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect([waiting.made.length, attempting.made.length]).toEqual([1, 1]);
  });

  it('counts anew for each subscription', () => {
    let made = 0;
    const attempt = () => {
      made += 1;
      return made === 1 ? of(1) : NEVER;
    };
    const call = withRetries(attempt, defaults, 1000, { onRetry: vi.fn(), onExhausted: vi.fn() });
    expect(made).toBe(0);
    call.subscribe();
    call.subscribe().unsubscribe();
    expect(made).toBe(2);
  });
});
