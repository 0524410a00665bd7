import { fc, test } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import type { SharedExecution } from '../../link/peer.js';
import type { ClientFrame, ServerFrame } from '../../wire/frame.js';
import { encodeItem } from '../../wire/item.js';
import { jsonCodec } from '../../wire/json-codec.js';
import { encodeStatusBody } from '../../wire/status-body.js';
import { Collection, COLLECT_CREDIT, type Answer } from './collection.js';

const item = (value: unknown) => encodeItem(jsonCodec, value);

/** The frames of one execution, by an instance that may run several. */
function execution(name: string, instance = name) {
  const of = { callId: 'c', execution: name };
  return {
    accept: { kind: 'accept', ...of, partition: 0, instance, flags: '-', service: 's' } as ServerFrame,
    next: (seq: number, ...values: unknown[]): ServerFrame => ({
      kind: 'next',
      ...of,
      seq,
      items: values.map(item),
    }),
    complete: (total: number, ...values: unknown[]): ServerFrame => ({
      kind: 'complete',
      ...of,
      total,
      items: values.map(item),
    }),
    error: {
      kind: 'error',
      ...of,
      total: 0,
      code: 'NOT_FOUND',
      draining: false,
      body: encodeStatusBody({ code: 'NOT_FOUND', message: 'no' }),
    } as ServerFrame,
  };
}

function start(expected = Infinity) {
  const log: unknown[] = [];
  const told: ClientFrame[] = [];
  const held = new Map<string, SharedExecution>();
  const onEnded = vi.fn();
  const collection = new Collection<unknown>(
    {
      callId: 'c',
      pattern: 'p',
      codec: jsonCodec,
      expect: expected,
      tell: (_server, frame) => told.push(frame),
      hold: (_server, name, shared) => held.set(name, shared),
      release: (_server, name) => held.delete(name),
      onEnded,
    },
    {
      next: ({ instance, value, error }: Answer<unknown>) => log.push([instance, error?.status ?? value]),
      error: (failure: { status: string }) => log.push(failure.status),
      complete: () => log.push('complete'),
    },
  );
  const receive = (...frames: ServerFrame[]) => frames.forEach(frame => collection.receive(frame));
  const cancels = () =>
    told.flatMap(frame => (frame.kind === 'cancel' ? [[frame.execution, frame.reason]] : []));
  return { collection, receive, log, told, held, onEnded, cancels };
}

const a = execution('a');
const b = execution('b');

describe('Collection', () => {
  it('gives answers as they come, and ends with as many as were expected', () => {
    const { receive, log, onEnded, held } = start(2);
    receive(a.accept, b.accept, b.complete(1, 'B'));
    expect(log).toEqual([['b', 'B']]);
    receive(a.complete(1, 'A'));
    expect(log).toEqual([['b', 'B'], ['a', 'A'], 'complete']);
    expect(onEnded).toHaveBeenCalledTimes(1);
    expect(held.size).toBe(0);
  });

  it('ends with what came when it is closed, and stops whoever has not answered', () => {
    const { collection, receive, log, cancels, held } = start(3);
    receive(a.accept, b.accept, a.complete(1, 'A'));
    collection.close();
    receive(b.complete(1, 'late'));
    expect(log).toEqual([['a', 'A'], 'complete']);
    expect(cancels()).toEqual([['b', 'too late']]);
    expect(held.size).toBe(0);
  });

  it('counts a failure as an answer', () => {
    const { receive, log } = start(1);
    receive(a.accept, a.error);
    expect(log).toEqual([['a', 'NOT_FOUND'], 'complete']);
  });

  it('takes an empty reply for an answer without a value', () => {
    const { receive, log } = start();
    receive(a.accept, a.complete(0));
    expect(log).toEqual([['a', undefined]]);
  });

  it('takes the one value of a stream, once it has ended', () => {
    const { receive, log, told } = start();
    receive(a.accept, a.next(0, 'A'), a.next(0, 'A'));
    expect(log).toEqual([]);
    expect(told[0]).toMatchObject({ kind: 'credit', items: COLLECT_CREDIT.items });
    receive(a.complete(1));
    expect(log).toEqual([['a', 'A']]);
  });

  it.each([
    ['in one frame', [a.complete(2, 1, 2)]],
    ['in two', [a.next(0, 1), a.next(1, 2)]],
    ['at its end', [a.next(0, 1), a.complete(2, 2)]],
  ])('refuses a second value %s, and stops the handler', (_, frames) => {
    const { receive, log, cancels } = start();
    receive(a.accept, ...frames, a.complete(3, 3));
    expect(log).toEqual([['a', 'INVALID_ARGUMENT']]);
    expect(cancels()).toEqual([['a', expect.stringContaining('streams')]]);
  });

  it('refuses an answer that comes in parts, and names the limit', () => {
    const { collection, receive, log, cancels } = start();
    receive(a.accept);
    collection.receive({
      kind: 'part',
      callId: 'c',
      execution: 'a',
      seq: 0,
      at: 0,
      size: 1_000_000,
      bytes: Buffer.alloc(9),
    });
    expect(log).toEqual([['a', 'INVALID_ARGUMENT']]);
    expect(cancels()).toEqual([['a', expect.stringMatching(/1000000 bytes.* 524288 at most/)]]);
  });

  it.each([
    ['a gap', [a.next(1, 'x')]],
    ['a total that is not reached', [a.complete(1)]],
    ['a total that is passed', [a.next(0, 'x'), a.complete(0)]],
    ['bytes that are no value', [{ ...a.complete(1), items: [Buffer.from('~~')] } as ServerFrame]],
  ])('answers DATA_LOSS for %s', (_, frames) => {
    const { receive, log } = start();
    receive(a.accept, ...frames);
    expect(log).toEqual([['a', 'DATA_LOSS']]);
  });

  it('listens to one execution of an instance, and stops any other', () => {
    const { receive, log, cancels } = start();
    const again = execution('again', 'a');
    receive(a.accept, again.accept, again.complete(1, 'second'), a.complete(1, 'first'));
    receive(execution('third', 'a').accept);
    expect(log).toEqual([['a', 'first']]);
    expect(cancels()).toEqual([
      ['again', 'superseded'],
      ['third', 'superseded'],
    ]);
  });

  it('drops what is of no execution that it knows', () => {
    const { receive, log } = start();
    receive(a.complete(1, 'A'), a.next(0, 1), a.error);
    expect(log).toEqual([]);
  });

  it('answers UNAVAILABLE for an instance that is lost', () => {
    const { receive, log, held } = start(1);
    receive(a.accept);
    held.get('a')!.lost('has not been heard of');
    expect(log).toEqual([['a', 'UNAVAILABLE'], 'complete']);
  });

  it('stops everybody when its subscriber leaves', () => {
    const { collection, receive, log, cancels, onEnded } = start();
    receive(a.accept, b.accept);
    collection.unsubscribe();
    receive(a.complete(1, 'late'));
    expect(log).toEqual([]);
    expect(cancels()).toEqual([
      ['a', 'unsubscribed'],
      ['b', 'unsubscribed'],
    ]);
    expect(onEnded).toHaveBeenCalledTimes(1);
  });

  it('fails where replies can come no more', () => {
    const { collection, log, onEnded } = start();
    collection.abandon({ code: 'UNAVAILABLE', message: 'closed' });
    collection.close();
    expect(log).toEqual(['UNAVAILABLE']);
    expect(onEnded).toHaveBeenCalledTimes(1);
  });

  const frame = fc
    .record({ name: fc.constantFrom('a', 'b', 'c', 'd'), instance: fc.constantFrom('x', 'y') })
    .chain(({ name, instance }) => {
      const of = execution(name, instance);
      return fc.oneof(
        fc.constantFrom(of.accept, of.error, of.complete(0), of.complete(1, 'v'), of.complete(2, 'v', 'w')),
        fc.nat({ max: 2 }).map(seq => of.next(seq, 'v')),
      );
    });

  test.prop([fc.array(frame, { maxLength: 25 }), fc.integer({ min: 1, max: 3 })])(
    'whatever frames come, gives one answer of an instance, ends once, and holds nothing after it',
    (frames, expected) => {
      const { collection, receive, log, held, onEnded } = start(expected);
      receive(...frames);
      collection.close();
      expect(log.filter(entry => entry === 'complete')).toHaveLength(1);
      expect(log.at(-1)).toBe('complete');
      const instances = log.slice(0, -1).map(entry => (entry as unknown[])[0]);
      expect(new Set(instances).size).toBe(instances.length);
      expect(instances.length).toBeLessThanOrEqual(expected);
      expect(held.size).toBe(0);
      expect(onEnded).toHaveBeenCalledTimes(1);
    },
  );
});
