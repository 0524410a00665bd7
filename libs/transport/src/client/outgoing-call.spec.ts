import { fc, test } from '@fast-check/vitest';
import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeItem } from '../wire/item.js';
import { jsonCodec } from '../wire/json-codec.js';
import type { AcceptFrame, ClientFrame, ServerFrame } from '../wire/frame.js';
import { encodeStatusBody } from '../wire/status-body.js';
import type { SharedExecution } from '../link/peer.js';
import { AssemblyBudget } from '../link/assembly-budget.js';
import { FIRST_SHARE_BYTES, FULL_SHARE_BYTES, ReceiveBudget } from '../link/receive-budget.js';
import { MAX_FRUITLESS_REQUESTS, OutgoingCall } from './outgoing-call.js';
import type { OutgoingCallOptions, RequestTerms } from './outgoing-call-options.js';
import { GAP_TIMEOUT_MS } from './reply-timers.js';

const MAX_ITEM_BYTES = 10_000_000;
const of = { callId: 'c', execution: 'e' };
const items = (...values: unknown[]) => values.map(value => encodeItem(jsonCodec, value));
const next = (seq: number, ...values: unknown[]): ServerFrame => ({
  kind: 'next',
  ...of,
  seq,
  items: items(...values),
});
const complete = (total: number, ...values: unknown[]): ServerFrame => ({
  kind: 'complete',
  ...of,
  total,
  items: items(...values),
});
const unreadable: ServerFrame = { kind: 'next', ...of, seq: 1, items: [Buffer.from('j{')] };
const error = (total: number): ServerFrame => ({
  kind: 'error',
  ...of,
  total,
  code: 'NOT_FOUND',
  draining: false,
  body: encodeStatusBody({ code: 'NOT_FOUND', message: 'gone' }),
});
const accept: AcceptFrame = {
  kind: 'accept',
  ...of,
  partition: 3,
  instance: 'srv',
  flags: '-',
  service: 's',
};
/** As another server offers what Kafka gave it again. */
const offer: AcceptFrame = { ...accept, execution: 'e2', instance: 'second', flags: 'd' };
const drained = (total: number): ServerFrame => ({
  kind: 'error',
  ...of,
  total,
  code: 'UNAVAILABLE',
  draining: true,
  body: encodeStatusBody({ code: 'UNAVAILABLE', message: 'draining' }),
});

function start(
  options: Partial<OutgoingCallOptions> = {},
  onValue: (value: unknown) => void = () => undefined,
) {
  const log: unknown[] = [];
  const told: ClientFrame[] = [];
  const requests: RequestTerms[] = [];
  /** What the peers would tell, by execution. */
  const held = new Map<string, SharedExecution>();
  const budget = new ReceiveBudget();
  const assembling = new AssemblyBudget();
  let ended = 0;
  let call!: OutgoingCall<unknown>;
  const subscription: Subscription = new Observable<unknown>((subscriber: Subscriber<unknown>) => {
    call = new OutgoingCall(
      {
        callId: 'c',
        pattern: 'p',
        codec: jsonCodec,
        window: 100,
        budget,
        assembling,
        maxItemBytes: MAX_ITEM_BYTES,
        timeoutMs: 60_000,
        request: terms => requests.push(terms),
        tell: (_server, frame) => told.push(frame),
        hold: (_server, execution, shared) => held.set(execution, shared),
        release: (_server, execution) => held.delete(execution),
        onEnded: () => (ended += 1),
        ...options,
      },
      subscriber,
    );
    call.start();
    return () => call.unsubscribe();
  }).subscribe({
    next: value => {
      log.push(value);
      onValue(value);
    },
    error: (failure: { status: string; message: string }) => log.push(failure.status),
    complete: () => log.push('complete'),
  });
  const die = (execution = 'e') => {
    const shared = held.get(execution);
    held.delete(execution);
    shared?.lost('died');
  };
  return { call, log, told, requests, held, budget, assembling, subscription, die, ended: () => ended };
}

describe('OutgoingCall', () => {
  afterEach(() => void vi.useRealTimers());

  it('gives a unary reply', () => {
    const { call, log, ended } = start();
    call.receive(complete(1, 'x'));
    expect(log).toEqual(['x', 'complete']);
    expect(ended()).toBe(1);
  });

  it('gives values and then the error', () => {
    const { call, log } = start();
    call.receive(accept);
    call.receive(next(0, 1, 2));
    call.receive(error(2));
    expect(log).toEqual([1, 2, 'NOT_FOUND']);
  });

  it('drops what came already', () => {
    const { call, log } = start();
    call.receive(next(0, 1, 2));
    call.receive(next(0, 1, 2));
    call.receive(next(1, 2, 3));
    call.receive(complete(4, 3, 4));
    expect(log).toEqual([1, 2, 3, 4, 'complete']);
  });

  it.each([
    ['a gap that stays', next(5, 1)],
    ['a total that is not reached', complete(9)],
    ['an error after items that never come', error(9)],
  ])('ends DATA_LOSS on %s, after a while', (_what, frame) => {
    vi.useFakeTimers();
    const { call, log } = start();
    call.receive(next(0, 'a'));
    call.receive(frame);
    vi.advanceTimersByTime(GAP_TIMEOUT_MS - 1);
    expect(log).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(['a', 'DATA_LOSS']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends DATA_LOSS at once on an item that cannot be read, and on an end before what has come', () => {
    const broken = start();
    broken.call.receive(next(0, 'a'));
    broken.call.receive(unreadable);
    expect(broken.log).toEqual(['a', 'DATA_LOSS']);
    const short = start();
    short.call.receive(next(0, 'a', 'b'));
    short.call.receive(complete(1));
    expect(short.log).toEqual(['a', 'b', 'DATA_LOSS']);
  });

  it('puts frames in order that come by two ways', () => {
    vi.useFakeTimers();
    const { call, log } = start();
    call.receive(next(0, 'a'));
    call.receive(complete(4, 'd'));
    call.receive(next(2, 'c'));
    call.receive(next(1, 'b'));
    expect(log).toEqual(['a', 'b', 'c', 'd', 'complete']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends DEADLINE_EXCEEDED when nothing comes, and not once a stream has begun', () => {
    vi.useFakeTimers();
    const silent = start({ timeoutMs: 100 });
    const streaming = start({ timeoutMs: 100 });
    streaming.call.receive(accept);
    streaming.call.receive(next(0, 1));
    vi.advanceTimersByTime(200);
    expect(silent.log).toEqual(['DEADLINE_EXCEEDED']);
    expect(streaming.log).toEqual([1]);
    streaming.subscription.unsubscribe();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps to the first execution it hears of, and tells others to stop', () => {
    const { call, log, told } = start();
    call.receive(accept);
    call.receive({ ...accept, execution: 'other', instance: 'second' });
    call.receive({ ...next(0, 'wrong'), execution: 'other' });
    call.receive(next(0, 'right'));
    expect(log).toEqual(['right']);
    expect(told).toEqual([{ kind: 'cancel', callId: 'c', execution: 'other', reason: 'superseded' }]);
  });

  it('grants credit as items are taken', () => {
    const { call, told } = start({ window: 4 });
    call.receive(accept);
    call.receive(next(0, 1));
    expect(told).toEqual([]);
    call.receive(next(1, 2));
    expect(told).toMatchObject([{ kind: 'credit', callId: 'c', execution: 'e', items: 6 }]);
  });

  it('grants bytes as items are taken, and gives its share of the budget back', () => {
    const { call, told, budget, subscription } = start();
    expect(budget.inUse).toBe(FIRST_SHARE_BYTES);
    call.receive(accept);
    call.receive(next(0, 'x'.repeat(FIRST_SHARE_BYTES / 2)));
    expect(told).toMatchObject([{ kind: 'credit' }]);
    expect((told[0] as { bytes: number }).bytes).toBeGreaterThan(FULL_SHARE_BYTES);
    subscription.unsubscribe();
    expect(budget.inUse).toBe(0);
  });

  it('grants a taker that pulls only what it says it has taken', () => {
    const { call, told } = start({ window: 2, pulled: true });
    call.receive(accept);
    call.receive(next(0, 1, 2));
    expect(told).toEqual([]);
    call.take(5);
    expect(told).toMatchObject([{ kind: 'credit', items: 3 }]);
  });

  it('fails where more comes than was granted', () => {
    const { call, log } = start({ window: 2, pulled: true });
    call.receive(accept);
    call.receive(next(0, 1, 2, 3));
    expect(log.at(-1)).toBe('RESOURCE_EXHAUSTED');
  });

  it('names a stream that goes on to its server, at once and only once', async () => {
    const { call, told } = start();
    call.receive(accept);
    call.receive(next(0, 1));
    call.receive(next(1, 2));
    await vi.waitFor(() => expect(told).toMatchObject([{ kind: 'credit', execution: 'e' }]));
    const short = start();
    short.call.receive(accept);
    short.call.receive(next(0, 1));
    short.call.receive(complete(1));
    await Promise.resolve();
    expect(short.told).toEqual([]);
  });

  describe('whose server dies', () => {
    const lone = (flags: string) => ({ ...accept, flags });

    it('waits for Kafka to give the request to another, which asks first', () => {
      const { call, log, told, die } = start();
      call.receive(accept);
      die();
      expect(log).toEqual([]);
      told.length = 0;
      call.receive(offer);
      expect(told).toMatchObject([{ kind: 'credit', execution: 'e2' }]);
      call.receive({ ...complete(1, 'x'), execution: 'e2' });
      expect(log).toEqual(['x', 'complete']);
    });

    it('takes an offer that came before the death was noticed', () => {
      const { call, log, told, die } = start();
      call.receive(accept);
      call.receive(offer);
      expect(told).toEqual([]);
      die();
      expect(told.at(-1)).toMatchObject({ kind: 'credit', execution: 'e2' });
      call.receive({ ...complete(1, 'x'), execution: 'e2' });
      expect(log).toEqual(['x', 'complete']);
    });

    it('declines the offer when the first execution answers after all', () => {
      const { call, log, told } = start();
      call.receive(accept);
      call.receive(offer);
      call.receive(complete(1, 'x'));
      expect(log).toEqual(['x', 'complete']);
      expect(told).toMatchObject([{ kind: 'cancel', execution: 'e2' }]);
    });

    it('fails UNAVAILABLE once it was handed over', () => {
      const { call, log, held, die } = start();
      call.receive(accept);
      held.get('e')?.named?.();
      die();
      expect(log).toEqual(['UNAVAILABLE']);
    });

    it('asks again where the handler is idempotent', () => {
      const { call, log, held, requests, die } = start();
      call.receive(lone('i'));
      held.get('e')?.named?.();
      die();
      expect(requests).toMatchObject([
        { attempt: 1, resumeFrom: 0 },
        { attempt: 2, resumeFrom: 0 },
      ]);
      call.receive({ ...complete(1, 'x'), execution: 'e3' });
      expect(log).toEqual(['x', 'complete']);
    });

    it('goes on from the next item where the handler is resumable, and takes nothing more of the first', () => {
      const { call, log, requests, die } = start();
      call.receive(lone('r'));
      call.receive(next(0, 'a', 'b'));
      die();
      expect(requests.at(-1)).toMatchObject({ attempt: 2, resumeFrom: 2 });
      call.receive(next(2, 'late'));
      call.receive({ ...lone('r'), execution: 'e2' });
      call.receive({ ...next(2, 'c'), execution: 'e2' });
      call.receive({ ...complete(3), execution: 'e2' });
      expect(log).toEqual(['a', 'b', 'c', 'complete']);
    });

    it('fails a stream that has begun where it is only idempotent', () => {
      const { call, log, die } = start();
      call.receive(lone('i'));
      call.receive(next(0, 'a'));
      die();
      expect(log).toEqual(['a', 'UNAVAILABLE']);
    });

    it('goes on where a server drains, if it is resumable', () => {
      const { call, log, requests } = start();
      call.receive(lone('r'));
      call.receive(next(0, 'a'));
      call.receive(drained(1));
      expect(requests.at(-1)).toMatchObject({ attempt: 2, resumeFrom: 1 });
      call.receive({ ...complete(2, 'b'), execution: 'e2' });
      expect(log).toEqual(['a', 'b', 'complete']);
      const plain = start();
      plain.call.receive(accept);
      plain.call.receive(next(0, 'a'));
      plain.call.receive(drained(1));
      expect(plain.log).toEqual(['a', 'UNAVAILABLE']);
    });

    it('does not ask for ever', () => {
      const { call, log, requests } = start();
      for (let n = 0; n < 20; n += 1) {
        const execution = `e${n}`;
        call.receive({ ...lone('i'), execution });
        call.receive({ ...drained(0), execution });
      }
      expect(requests).toHaveLength(MAX_FRUITLESS_REQUESTS);
      expect(log).toEqual(['UNAVAILABLE']);
    });
  });

  it('is limited between items and in all where that is asked for', () => {
    vi.useFakeTimers();
    const idle = start({ idleTimeoutMs: 100 });
    const total = start({ totalTimeoutMs: 250 });
    for (const { call } of [idle, total]) call.receive(accept);
    for (let n = 0; n < 4; n += 1) {
      idle.call.receive(next(n, n));
      total.call.receive(next(n, n));
      vi.advanceTimersByTime(80);
    }
    expect(idle.log).toEqual([0, 1, 2, 3]);
    expect(total.log).toEqual([0, 1, 2, 3, 'DEADLINE_EXCEEDED']);
    vi.advanceTimersByTime(20);
    expect(idle.log).toEqual([0, 1, 2, 3, 'DEADLINE_EXCEEDED']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hands on nothing after the subscriber has left, in the middle of a frame too', () => {
    const one = start({}, () => one.subscription.unsubscribe());
    one.call.receive(next(0, 1, 2, 3));
    one.call.abandon({ code: 'UNAVAILABLE', message: 'closed' });
    one.call.receive(complete(1, 'late'));
    expect(one.log).toEqual([1]);
    expect(one.ended()).toBe(1);
  });

  describe('with an upload', () => {
    const ask: ServerFrame = {
      ...of,
      kind: 'ask',
      uploadId: 'u',
      partition: 3,
      instance: 'srv',
      items: 1,
      bytes: 1,
    };
    const upload = () => {
      const begin = vi.fn<(frame: unknown) => void>(() => (request.begun = true));
      const request = { begun: false, begin };
      return request;
    };

    it('begins it for the execution that it is bound to, and for no other', () => {
      const request = upload();
      const { call } = start({ upload: request });
      call.receive(accept);
      call.receive({ ...ask, execution: 'other' });
      expect(request.begin).not.toHaveBeenCalled();
      call.receive(ask);
      expect(request.begin).toHaveBeenCalledExactlyOnceWith(ask);
    });

    it('is not made again once that has begun, whoever offers to', () => {
      const { call, log, requests, die } = start({ upload: upload() });
      call.receive({ ...accept, flags: 'i' });
      call.receive(offer);
      call.receive(ask);
      die();
      expect(log).toEqual(['UNAVAILABLE']);
      expect(requests).toHaveLength(1);
    });

    it('is made again as long as nobody has asked for it', () => {
      const { call, requests, die } = start({ upload: upload() });
      call.receive({ ...accept, flags: 'i' });
      die();
      expect(requests).toHaveLength(2);
    });

    it('does not count the time in which the answer cannot come', () => {
      vi.useFakeTimers();
      const { call, log } = start({ upload: upload(), timeoutMs: 100 });
      call.receive(accept);
      call.awaitSource();
      vi.advanceTimersByTime(10_000);
      expect(log).toEqual([]);
      call.awaitServer();
      vi.advanceTimersByTime(99);
      expect(log).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(log).toEqual(['DEADLINE_EXCEEDED']);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('whose answer has begun is not limited by its time', () => {
      vi.useFakeTimers();
      const { call, log, subscription } = start({ upload: upload(), timeoutMs: 100 });
      call.receive(accept);
      call.receive(next(0, 'a'));
      call.awaitServer();
      vi.advanceTimersByTime(1000);
      expect(log).toEqual(['a']);
      subscription.unsubscribe();
      call.awaitServer();
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  const execution = fc.constantFrom('e', 'e2', 'e3');
  const flags = fc.constantFrom('-', 'i', 'r', 'ir', 'd', 'id', 'rd');
  /** Item number n has the value n, whichever execution it comes from. */
  const from = (seq: number, count: number) => Array.from({ length: count }, (_, index) => seq + index);
  const steps = fc.array(
    fc.oneof(
      fc.record({ execution, flags }).map((frame): ServerFrame => ({ ...accept, ...frame })),
      fc
        .tuple(execution, fc.nat({ max: 8 }), fc.nat({ max: 3 }))
        .map(([by, seq, count]): ServerFrame => ({ ...next(seq, ...from(seq, count)), execution: by })),
      fc.tuple(execution, fc.nat({ max: 8 }), fc.nat({ max: 3 })).map(([by, seq, count]): ServerFrame => ({
        ...complete(seq + count, ...from(seq, count)),
        execution: by,
      })),
      fc
        .tuple(execution, fc.nat({ max: 8 }), fc.boolean())
        .map(([by, total, drains]): ServerFrame => ({ ...(drains ? drained : error)(total), execution: by })),
      fc.record({ dies: execution }),
      fc.record({ named: execution }),
    ),
    { maxLength: 20 },
  );

  test.prop([steps])(
    'whatever comes of whichever executions: items in order and once, one ending, nothing held after it',
    received => {
      vi.useFakeTimers();
      const { call, log, ended, held, budget, die, told } = start();
      for (const step of received) {
        if ('dies' in step) die(step.dies);
        else if ('named' in step) held.get(step.named)?.named?.();
        else call.receive(step);
      }
      while (held.size > 0) for (const name of Array.from(held.keys())) die(name);
      vi.runAllTimers();
      expect(ended()).toBe(1);
      const values = log.filter(entry => typeof entry === 'number');
      expect(values).toEqual(from(0, values.length));
      expect(log.filter(entry => typeof entry === 'string')).toHaveLength(1);
      expect(typeof log.at(-1)).toBe('string');
      expect(held.size).toBe(0);
      expect(budget.inUse).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
      const accepted = received.filter(step => 'kind' in step && step.kind === 'accept');
      expect(told.filter(({ kind }) => kind === 'cancel').length).toBeLessThanOrEqual(2 * accepted.length);
    },
  );
});
