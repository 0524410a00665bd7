import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { decodeFrames, encodeFrame, MAX_LISTED, type Frame } from './frame.js';
import { checkHeaders } from './header-limits.js';
import { decodeHeader, encodeHeader, type Header } from './header.js';
import { decodeItem } from './item.js';
import { jsonCodec } from './json-codec.js';
import { PartAssembly } from './part-assembly.js';
import { returnAddress } from './return-address.js';
import { decodeStatusBody } from './status-body.js';
import { WireError } from './wire-error.js';

const MEGABYTE = 1024 * 1024;
/** What a broker takes in a record is read within this, in ms, on a machine that has much else to do. */
const WITHIN_MS = 2000;

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,22}$/);
const count = fc.nat();
const bytes = fc.uint8Array({ maxLength: 200 }).map(array => Buffer.from(array));
const of = { callId: id, execution: id };
const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('next' as const),
    ...of,
    seq: count,
    items: fc.array(bytes, { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('part' as const), ...of, seq: count, at: count, size: count, bytes }),
  fc.record({ kind: fc.constant('credit' as const), ...of, items: count, bytes: count }),
  fc.record({ kind: fc.constant('cancel' as const), ...of, reason: fc.string() }),
  fc.record({
    kind: fc.constant('error' as const),
    ...of,
    total: count,
    code: fc.constant('UNAVAILABLE' as const),
    draining: fc.boolean(),
    body: bytes,
  }),
  fc.record({
    kind: fc.constant('pulse' as const),
    role: fc.constantFrom('client' as const, 'server' as const),
    instance: id,
    intervalMs: count,
    count,
    digest: id,
    executions: fc.array(id, { maxLength: 10 }),
  }),
);
const headers: fc.Arbitrary<Header> = fc.oneof(
  fc.record({ kind: fc.constant('frames' as const), instance: id }),
  fc.record({
    kind: fc.constant('part' as const),
    callId: id,
    attempt: count,
    at: count,
    size: count,
    timeoutMs: count,
  }),
  fc.record({
    kind: fc.constant('event' as const),
    messageId: fc.string(),
    pattern: fc.string(),
    contentType: fc.constant('j'),
    correlationId: fc.string(),
  }),
);

/** One thing that is wrong with bytes that were right. */
type Fault = (whole: Buffer, other: Buffer) => Buffer;
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.tuple(place, fc.nat({ max: 7 })).map(([where, bit]): Fault => whole => {
    const wrong = Buffer.from(whole);
    if (wrong.length > 0) wrong[Math.floor(where * wrong.length)]! ^= 1 << bit;
    return wrong;
  }),
  place.map(
    (where): Fault =>
      whole =>
        whole.subarray(0, Math.floor(where * whole.length)),
  ),
  place.map(
    (where): Fault =>
      whole =>
        Buffer.concat([whole, whole.subarray(Math.floor(where * whole.length))]),
  ),
  fc.tuple(place, place).map(
    ([end, start]): Fault =>
      (whole, other) =>
        Buffer.concat([
          whole.subarray(0, Math.floor(end * whole.length)),
          other.subarray(Math.floor(start * other.length)),
        ]),
  ),
  fc
    .tuple(place, fc.constantFrom(0, 0x7fffffff, 0x80000000, 0xffffffff))
    .map(([where, length]): Fault => whole => {
      const wrong = Buffer.from(whole);
      if (wrong.length >= 4) wrong.writeUInt32BE(length, Math.floor(where * (wrong.length - 3)));
      return wrong;
    }),
);
const mutated = (whole: fc.Arbitrary<Buffer>) =>
  fc
    .tuple(whole, whole, fc.array(fault, { minLength: 1, maxLength: 3 }))
    .map(([first, other, faults]) => faults.reduce((wrong, make) => make(wrong, other), first));

/** Bytes of all sorts: any, and some that were right once. */
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }).map(array => Buffer.from(array)),
  mutated(fc.array(frames, { maxLength: 5 }).map(list => Buffer.concat(list.map(encodeFrame)))),
  mutated(headers.map(header => Buffer.from(encodeHeader(header), 'latin1'))),
  mutated(fc.json().map(text => Buffer.from(text))),
);

/** What is raised, where it is anything else than a WireError. */
function surpriseOf(decode: () => unknown): unknown {
  try {
    decode();
    return undefined;
  } catch (error) {
    return error instanceof WireError ? undefined : error;
  }
}

describe('bytes of anybody', () => {
  const decoders: Record<string, (wrong: Buffer) => unknown> = {
    decodeFrames,
    decodeHeader,
    returnAddress,
    decodeItem: wrong => decodeItem(jsonCodec, wrong),
    'decode of plain JSON': wrong => jsonCodec.decode('j', wrong),
    'decode of tagged JSON': wrong => jsonCodec.decode('t', wrong),
    decodeStatusBody: wrong => decodeStatusBody('INTERNAL', wrong),
  };
  describe.each(Object.entries(decoders))('%s', (_name, decode) => {
    test.prop([hostile], { numRuns: 500 })('gives a value or raises WireError', wrong => {
      expect(surpriseOf(() => decode(wrong))).toBeUndefined();
    });

    it('reads a record of the largest size in time, whatever is in it', () => {
      const large = [
        Buffer.alloc(MEGABYTE),
        Buffer.alloc(MEGABYTE, ' '),
        Buffer.alloc(MEGABYTE, '['),
        Buffer.alloc(MEGABYTE, '{"a":'),
        Buffer.alloc(MEGABYTE, '\\"'),
        Buffer.alloc(MEGABYTE, '"__proto__'),
        Buffer.alloc(MEGABYTE, frame('cancel c e r')),
        Buffer.alloc(MEGABYTE, frame('pulse client i 1 1 0 -')),
        frame('pulse client i 1 1 0 l', Buffer.alloc(MEGABYTE, 'a ')),
        frame(`next ${'x '.repeat(32_000)}`),
      ];
      const began = performance.now();
      for (const wrong of large) expect(surpriseOf(() => decode(wrong))).toBeUndefined();
      expect(performance.now() - began).toBeLessThan(WITHIN_MS);
    });
  });

  test.prop([fc.array(fc.array(frames, { maxLength: 3 }), { maxLength: 4 })])(
    'never make a frame of what is none: what was written is read',
    lists => {
      const written = lists.flat();
      expect(decodeFrames(Buffer.concat(written.map(encodeFrame)))).toHaveLength(written.length);
    },
  );

  it('hold no more executions in a pulse than one sends', () => {
    const list = (executions: number) =>
      frame('pulse client i 1 1 0 l', Buffer.from('a '.repeat(executions).trim()));
    expect(decodeFrames(list(MAX_LISTED))).toHaveLength(1);
    expect(() => decodeFrames(list(MAX_LISTED + 1))).toThrow(WireError);
  });

  it('are put together in any order, in time', () => {
    const size = 16 * MEGABYTE;
    const assembly = new PartAssembly(size);
    const part = Buffer.alloc(1024);
    const began = performance.now();
    for (let at = size - 1024; at >= 0; at -= 1024) assembly.add({ at, bytes: part });
    expect(assembly.whole).toBe(true);
    expect(performance.now() - began).toBeLessThan(WITHIN_MS);
  });

  it('are refused by a hundred thousand headers in time', () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`h${n}`, Buffer.alloc(1)]));
    const began = performance.now();
    expect(() => checkHeaders(many)).toThrow(WireError);
    expect(performance.now() - began).toBeLessThan(WITHIN_MS);
  });
});

function frame(line: string, payload = Buffer.alloc(0)): Buffer {
  const prefix = Buffer.alloc(6);
  prefix.writeUInt16BE(line.length, 0);
  prefix.writeUInt32BE(payload.length, 2);
  return Buffer.concat([prefix, Buffer.from(line, 'latin1'), payload]);
}
