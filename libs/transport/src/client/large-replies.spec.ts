import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AssemblyBudget } from '../link/assembly-budget.js';
import { FIRST_SHARE_BYTES, ReceiveBudget } from '../link/receive-budget.js';
import { decodeFrames, encodeFrame, type ClientFrame, type ServerFrame } from '../wire/frame.js';
import { halveFrame } from '../wire/halve-frame.js';
import { encodeItem } from '../wire/item.js';
import { jsonCodec } from '../wire/json-codec.js';
import { partsOf } from '../wire/parts.js';
import { OutgoingCall } from './outgoing-call.js';
import { GAP_TIMEOUT_MS } from './reply-timers.js';

const of = { callId: 'c', execution: 'e' };
const MIB = 1024 * 1024;

function start({ total, pulled = false }: { total?: number; pulled?: boolean } = {}) {
  const log: unknown[] = [];
  const messages: string[] = [];
  const told: ClientFrame[] = [];
  const assembling = new AssemblyBudget(total);
  const call = new OutgoingCall<string>(
    {
      callId: 'c',
      pattern: 'p',
      codec: jsonCodec,
      window: 100,
      budget: new ReceiveBudget(),
      assembling,
      maxItemBytes: 10 * MIB,
      timeoutMs: 60_000,
      pulled,
      request: () => undefined,
      tell: (_server, frame) => told.push(frame),
      hold: () => undefined,
      release: () => undefined,
      onEnded: () => undefined,
    },
    {
      next: value => log.push(value),
      error: (error: unknown) => {
        const { status, message } = error as { status: string; message: string };
        log.push(status);
        messages.push(message);
      },
      complete: () => log.push('complete'),
    },
  );
  call.start();
  const accept = () =>
    call.receive({ kind: 'accept', ...of, partition: 0, instance: 'i', flags: '-', service: 's' });
  const granted = () => told.reduce((most, frame) => (frame.kind === 'credit' ? frame.bytes : most), 0);
  return { call, log, messages, told, assembling, accept, granted };
}

function part(seq: number, item: Buffer, index: number, partBytes = 200_000): ServerFrame {
  return { kind: 'part', ...of, seq, size: item.length, ...partsOf(item, partBytes)[index]! };
}

const text = (length: number) => 'x'.repeat(length);
const itemOf = (length: number) => encodeItem(jsonCodec, text(length));

describe('a reply with large items', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.prop([
    fc.array(fc.integer({ min: 0, max: 7000 }), { maxLength: 6 }),
    fc.boolean(),
    fc.boolean(),
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
  ])(
    'is whole or ends with DATA_LOSS, whatever becomes of its frames',
    async (lengths, lossy, shuffled, chance) => {
      const random = () => chance.next().value;
      const values = lengths.map((length, index) => `${index}${text(length)}`);
      const whole = encodeFrame({
        kind: 'complete',
        ...of,
        total: values.length,
        items: values.map(value => encodeItem(jsonCodec, value)),
      });
      const divide = (frame: Buffer): Buffer[] => {
        const halves = random() < 0.8 ? halveFrame(frame) : undefined;
        return halves ? halves.flatMap(divide) : [frame];
      };
      const sent = divide(whole).flatMap(frame => {
        if (lossy && random() < 0.1) return [];
        return random() < 0.2 ? [frame, frame] : [frame];
      });
      if (shuffled) sent.sort(() => random() - 0.5);
      const { call, log, assembling } = start();
      for (const frame of sent) for (const one of decodeFrames(frame)) call.receive(one as ServerFrame);
      await vi.advanceTimersByTimeAsync(GAP_TIMEOUT_MS);
      const ending = log.at(-1);
      if (!lossy && !shuffled) expect(ending).toBe('complete');
      if (ending === 'complete') expect(log).toEqual([...values, 'complete']);
      else {
        const given = ending === 'DATA_LOSS' ? log.slice(0, -1) : log;
        expect(given).toEqual(values.slice(0, given.length));
        if (ending !== 'DATA_LOSS') expect(lossy).toBe(true);
      }
      call.unsubscribe();
      expect(assembling.inUse).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('is granted the rest of an item once there is room for it, and no more when it is whole', () => {
    const { call, log, accept, granted, assembling } = start();
    accept();
    const item = itemOf(5 * MIB);
    call.receive(part(0, item, 0));
    expect(granted()).toBe(FIRST_SHARE_BYTES + item.length);
    expect(assembling.inUse).toBe(item.length);
    for (let index = 1; index < Math.ceil(item.length / 200_000); index += 1)
      call.receive(part(0, item, index));
    expect(log).toEqual([text(5 * MIB)]);
    expect(assembling.inUse).toBe(0);
    expect(granted()).toBeLessThanOrEqual(item.length + 2 * MIB);
  });

  it('has as many of them as come', () => {
    const { call, log, accept, assembling } = start();
    accept();
    const item = itemOf(MIB);
    for (let seq = 0; seq < 5; seq += 1) {
      for (let index = 0; index < Math.ceil(item.length / 200_000); index += 1)
        call.receive(part(seq, item, index));
    }
    expect(log).toEqual(Array(5).fill(text(MIB)));
    expect(assembling.inUse).toBe(0);
  });

  it('waits for room while other calls have it', () => {
    const { call, accept, granted, assembling } = start({ total: 6 * MIB });
    const other = assembling.reserve(5 * MIB, () => undefined);
    accept();
    const item = itemOf(3 * MIB);
    call.receive(part(0, item, 0));
    expect(granted()).toBe(0);
    other.release();
    expect(granted()).toBe(FIRST_SHARE_BYTES + item.length);
  });

  it('is not granted another item before its taker has taken what came', () => {
    const { call, accept, granted } = start({ pulled: true });
    accept();
    const item = itemOf(MIB);
    const whole = (seq: number) => {
      for (let index = 0; index < Math.ceil(item.length / 200_000); index += 1)
        call.receive(part(seq, item, index));
    };
    whole(0);
    const before = granted();
    call.receive(part(1, item, 0));
    expect(granted()).toBe(before);
    call.take(item.length);
    expect(granted()).toBeGreaterThanOrEqual(2 * item.length);
  });

  it.each<[string, (receive: (frame: ServerFrame) => void) => void]>([
    ['INVALID_ARGUMENT', receive => receive(part(0, itemOf(10 * MIB), 0))],
    [
      'RESOURCE_EXHAUSTED',
      receive => {
        // There is no room for it, and it comes all the same.
        const item = itemOf(5 * MIB);
        for (let index = 0; index < 12; index += 1) receive(part(0, item, index));
      },
    ],
    ['RESOURCE_EXHAUSTED', receive => receive(part(100, itemOf(MIB), 0))],
    [
      'DATA_LOSS',
      receive => {
        for (const size of [MIB, 2 * MIB]) receive(part(0, itemOf(size), 0));
      },
    ],
    [
      'DATA_LOSS',
      receive => receive({ kind: 'part', ...of, seq: 0, at: 5, size: 9, bytes: Buffer.alloc(5) }),
    ],
    [
      'DATA_LOSS',
      receive => {
        for (const seq of [1, 2, 3, 4, 5]) receive(part(seq, itemOf(MIB), 0, 2000));
      },
    ],
  ])('of what cannot be, ends with %s: %#', (status, send) => {
    const { call, log, assembling } = start({ total: 20 * MIB });
    const others = assembling.reserve(20 * MIB, () => undefined);
    send(frame => call.receive(frame));
    expect(log).toEqual([status]);
    others.release();
    expect(assembling.inUse).toBe(0);
  });

  it('misses a part that others have come after, and one whose item others have come after', async () => {
    for (const late of [part(0, itemOf(MIB), 2), part(1, itemOf(MIB), 0)]) {
      const { call, log, messages } = start();
      call.receive(part(0, itemOf(MIB), 0));
      await vi.advanceTimersByTimeAsync(GAP_TIMEOUT_MS);
      call.receive(late);
      await vi.advanceTimersByTimeAsync(GAP_TIMEOUT_MS - 1);
      expect(log).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(log).toEqual(['DATA_LOSS']);
      expect(messages).toEqual(['items 0 to 0 of the reply to p were lost']);
    }
  });

  it('is given up with its server, and the room with it', () => {
    const { call, accept, assembling, log } = start();
    accept();
    call.receive(part(0, itemOf(MIB), 0));
    call.receive({
      kind: 'error',
      ...of,
      total: 0,
      code: 'INTERNAL',
      draining: false,
      body: Buffer.from('{"message":"broke off"}'),
    });
    expect(log).toEqual(['INTERNAL']);
    expect(assembling.inUse).toBe(0);
  });
});
