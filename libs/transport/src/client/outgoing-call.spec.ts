import { fc, test } from '@fast-check/vitest';
import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeItem } from '../wire/item.js';
import { jsonCodec } from '../wire/json-codec.js';
import type { ClientFrame, ServerFrame } from '../wire/frame.js';
import { encodeStatusBody } from '../wire/status-body.js';
import { OutgoingCall } from './outgoing-call.js';

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
  body: encodeStatusBody({ code: 'NOT_FOUND', message: 'gone' }),
});
const accept: ServerFrame = { kind: 'accept', ...of, partition: 3, instance: 'srv', flags: '-' };

function start({ window = 100, timeoutMs = 60_000 } = {}) {
  const log: unknown[] = [];
  const told: ClientFrame[] = [];
  let ended = 0;
  let call!: OutgoingCall<unknown>;
  const subscription: Subscription = new Observable<unknown>((subscriber: Subscriber<unknown>) => {
    call = new OutgoingCall(
      {
        callId: 'c',
        pattern: 'p',
        codec: jsonCodec,
        window,
        timeoutMs,
        tell: (_server, frame) => told.push(frame),
        onEnded: () => (ended += 1),
      },
      subscriber,
    );
    return () => call.unsubscribe();
  }).subscribe({
    next: value => log.push(value),
    error: (failure: { status: string; message: string }) => log.push(failure.status),
    complete: () => log.push('complete'),
  });
  return { call, log, told, subscription, ended: () => ended };
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
    ['a gap', next(5, 1)],
    ['a total that is not reached', complete(9)],
    ['an error after items that never came', error(9)],
    ['an item that cannot be read', unreadable],
  ])('ends DATA_LOSS on %s', (_what, frame) => {
    const { call, log } = start();
    call.receive(next(0, 'a'));
    call.receive(frame);
    expect(log).toEqual(['a', 'DATA_LOSS']);
  });

  it('ends DEADLINE_EXCEEDED when nothing comes, and not once a stream has begun', () => {
    vi.useFakeTimers();
    const silent = start({ timeoutMs: 100 });
    const streaming = start({ timeoutMs: 100 });
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
    expect(told).toEqual([{ kind: 'credit', callId: 'c', execution: 'e', items: 6 }]);
  });

  it('hands on nothing after the subscriber has left, in the middle of a frame too', () => {
    const { call, log, ended } = start();
    const seen: unknown[] = [];
    const taken = new Observable<unknown>(subscriber => {
      const inner = new OutgoingCall(
        {
          callId: 'c',
          pattern: 'p',
          codec: jsonCodec,
          window: 9,
          timeoutMs: 1000,
          tell: () => undefined,
          onEnded: () => undefined,
        },
        subscriber,
      );
      queueMicrotask(() => inner.receive(next(0, 1, 2, 3)));
      return () => inner.unsubscribe();
    }).subscribe(value => {
      seen.push(value);
      taken.unsubscribe();
    });
    call.abandon({ code: 'UNAVAILABLE', message: 'closed' });
    call.receive(complete(1, 'late'));
    expect(log).toEqual(['UNAVAILABLE']);
    expect(ended()).toBe(1);
    return vi.waitFor(() => expect(seen).toEqual([1]));
  });

  const frames = fc.array(
    fc.oneof(
      fc.constant(accept),
      fc
        .tuple(fc.nat({ max: 6 }), fc.array(fc.nat(), { maxLength: 3 }))
        .map(([seq, values]) => next(seq, ...values)),
      fc
        .tuple(fc.nat({ max: 3 }), fc.array(fc.nat(), { maxLength: 3 }))
        .map(([more, values]) => complete(values.length + more, ...values)),
      fc.nat({ max: 4 }).map(error),
    ),
    { maxLength: 12 },
  );

  test.prop([frames])('whatever frames come, ends at most once, and once whole after its end', received => {
    const { call, log, ended, subscription } = start();
    for (const frame of received) call.receive(frame);
    subscription.unsubscribe();
    expect(ended()).toBe(1);
    const endings = log.filter(entry => typeof entry === 'string');
    expect(endings.length).toBeLessThanOrEqual(1);
    if (endings.length === 1) expect(log.at(-1)).toBe(endings[0]);
  });
});
