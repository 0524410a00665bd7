import { describe, expect, it, vi } from 'vitest';
import { ParleyException } from '../exceptions/parley-exception.js';
import { policiesSchema, resolvePolicies, type PolicyOptions } from '../options/policy-options.js';
import type { CallOptions } from './call-options.js';
import { GuardedCaller, type Guards } from './guarded-caller.js';
import type { Message } from './message.js';
import type { ReplyTaker } from './outgoing-call-options.js';
import { Policies } from './policies/policies.js';

const unavailable = new ParleyException('UNAVAILABLE', 'away');

function make({
  policies,
  ...guards
}: Partial<Omit<Guards, 'policies'>> & { policies?: PolicyOptions } = {}) {
  const begun: { message: Message; taker: ReplyTaker<unknown>; pulled: boolean | undefined }[] = [];
  const told: unknown[] = [];
  const begin = (message: Message, taker: ReplyTaker<unknown>, pulled?: boolean) => {
    const number = begun.push({ message, taker, pulled });
    return {
      take: (bytes: number) => told.push(['take', number, bytes]),
      unsubscribe: () => told.push(['unsubscribe', number]),
    };
  };
  const confirm = vi.fn(() => Promise.resolve());
  const caller = new GuardedCaller(
    { call: begin },
    {
      policies: policies && new Policies('user', resolvePolicies(policiesSchema.parse(policies))!),
      attendance: { confirm },
      waitForReady: true,
      timeoutOf: ({ options }) => options.timeoutMs ?? 1000,
      ...guards,
    },
  );
  const log: unknown[] = [];
  const call = (options: CallOptions = {}, pulled = false) =>
    caller.call(
      { pattern: 'p', key: null, contentType: 'j', value: Buffer.alloc(0), options, metadata: undefined },
      {
        next: (value, bytes) => log.push([value, bytes]),
        error: (failure: ParleyException) => log.push(failure.status),
        complete: () => log.push('complete'),
      },
      pulled,
    );
  return { begun, told, log, call, confirm };
}

const policies = { retry: { waitMs: 0 } };

describe('GuardedCaller', () => {
  it('leaves a call alone that asks for nothing', () => {
    const { begun, call, confirm } = make();
    const signal = AbortSignal.timeout(10_000);
    call({ timeoutMs: 5, signal }, true);
    expect(begun).toMatchObject([{ message: { options: { timeoutMs: 5, signal } }, pulled: true }]);
    expect(confirm).not.toHaveBeenCalled();
  });

  it('hands on a pulled reply with what its items weigh, and tells the attempt that runs what was taken', async () => {
    const { begun, told, log, call } = make({ policies });
    const running = call({}, true);
    begun[0]!.taker.error(unavailable);
    await vi.waitFor(() => expect(begun).toHaveLength(2));
    begun[1]!.taker.next('a', 7);
    running.take(7);
    begun[1]!.taker.complete();
    expect(log).toEqual([['a', 7], 'complete']);
    expect(told).toContainEqual(['take', 2, 7]);
    expect(begun.map(({ message, pulled }) => [message.attempt, pulled])).toEqual([
      [1, true],
      [2, true],
    ]);
  });

  it('spans attempts by the call’s total timeout', () => {
    const { begun, call } = make({ policies });
    call({ totalTimeoutMs: 60_000, timeoutMs: 500 });
    const { totalTimeoutMs, timeoutMs } = begun[0]!.message.options;
    expect(timeoutMs).toBeLessThanOrEqual(500);
    expect(totalTimeoutMs).toBeGreaterThan(50_000);
    expect(totalTimeoutMs).toBeLessThanOrEqual(60_000);
  });

  it('ends the attempt when the subscriber leaves', () => {
    const { begun, told, log, call } = make({ policies });
    call().unsubscribe();
    expect(told).toEqual([['unsubscribe', 1]]);
    begun[0]!.taker.error(unavailable);
    expect(log).toEqual([]);
  });

  it.each(['an attempt', 'a wait'])('is aborted in %s, CANCELLED', async where => {
    const { begun, told, log, call } = make({ policies: { retry: { waitMs: 10_000 } } });
    const abort = new AbortController();
    call({ signal: abort.signal, timeoutMs: 30_000 });
    if (where === 'a wait') begun[0]!.taker.error(unavailable);
    abort.abort();
    expect(log).toEqual(['CANCELLED']);
    expect(told).toEqual([['unsubscribe', 1]]);
  });

  it('does not begin where it was aborted before', () => {
    const { begun, log, call } = make({ policies });
    call({ signal: AbortSignal.abort() });
    expect(log).toEqual(['CANCELLED']);
    expect(begun).toEqual([]);
  });

  it('begins only once somebody is known to be there, where the call does not wait', async () => {
    let confirmed: () => void = () => undefined;
    const confirm = vi.fn((_timeoutMs: number) => new Promise<void>(resolve => (confirmed = resolve)));
    const { begun, log, call } = make({ attendance: { confirm } });
    call({ waitForReady: false, timeoutMs: 800 });
    expect(begun).toEqual([]);
    expect(confirm).toHaveBeenCalledWith(800);
    confirmed();
    await vi.waitFor(() => expect(begun).toHaveLength(1));
    expect(begun[0]!.message.options.timeoutMs).toBeLessThanOrEqual(800);
    begun[0]!.taker.next('a', 1);
    expect(log).toEqual([['a', 1]]);
  });

  it('fails without a beginning where nobody is there', async () => {
    const attendance = { confirm: () => Promise.reject(unavailable) };
    const { begun, log, call } = make({ attendance, waitForReady: false });
    call();
    await vi.waitFor(() => expect(log).toEqual(['UNAVAILABLE']));
    expect(begun).toEqual([]);
    call({ waitForReady: true });
    expect(begun).toHaveLength(1);
  });

  it('asks before each attempt', async () => {
    const { begun, call, confirm } = make({ policies, waitForReady: false });
    call();
    await vi.waitFor(() => expect(begun).toHaveLength(1));
    begun[0]!.taker.error(unavailable);
    await vi.waitFor(() => expect(begun).toHaveLength(2));
    expect(confirm).toHaveBeenCalledTimes(2);
  });

  it('begins nothing for a subscriber that left while it asked', async () => {
    const { begun, call } = make({ waitForReady: false });
    call().unsubscribe();
    await new Promise(setImmediate);
    expect(begun).toEqual([]);
  });
});
