import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { decodeFrames, encodeFrame, type Frame } from './frame.js';
import { STATUS_CODES } from './status.js';
import { WireError } from './wire-error.js';

const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,22}$/);
const ofCall = { callId: ids, execution: ids };
const bytes = fc.uint8Array({ maxLength: 40 }).map(content => Buffer.from(content));
const items = fc.array(bytes, { maxLength: 5 });

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('accept' as const),
    ...ofCall,
    partition: fc.nat(),
    instance: ids,
    flags: fc.constantFrom('-', 'i', 'rd'),
    service: ids,
  }),
  fc.record({
    kind: fc.constant('ask' as const),
    ...ofCall,
    uploadId: ids,
    partition: fc.nat(),
    instance: ids,
    items: fc.maxSafeNat(),
    bytes: fc.maxSafeNat(),
  }),
  fc.record({ kind: fc.constant('next' as const), ...ofCall, seq: fc.maxSafeNat(), items }),
  fc.record({
    kind: fc.constant('part' as const),
    ...ofCall,
    seq: fc.maxSafeNat(),
    at: fc.maxSafeNat(),
    size: fc.maxSafeNat(),
    bytes,
  }),
  fc
    .record({ kind: fc.constant('complete' as const), ...ofCall, before: fc.nat(), items })
    .map(({ before, ...frame }) => ({ ...frame, total: before + frame.items.length })),
  fc.record({
    kind: fc.constant('error' as const),
    ...ofCall,
    total: fc.nat(),
    code: fc.constantFrom(...STATUS_CODES),
    draining: fc.boolean(),
    body: bytes,
  }),
  fc.record({
    kind: fc.constant('credit' as const),
    ...ofCall,
    items: fc.maxSafeNat(),
    bytes: fc.maxSafeNat(),
  }),
  fc.record(
    {
      kind: fc.constant('pulse' as const),
      role: fc.constantFrom('client' as const, 'server' as const),
      instance: ids,
      intervalMs: fc.nat(),
      count: fc.nat(),
      digest: fc.stringMatching(/^[0-9a-f]{16}$/),
      executions: fc.array(ids, { maxLength: 5 }),
    },
    { requiredKeys: ['kind', 'role', 'instance', 'intervalMs', 'count', 'digest'] },
  ),
  fc.record({ kind: fc.constant('cancel' as const), ...ofCall, reason: fc.string({ unit: 'grapheme' }) }),
);

describe('frames', () => {
  test.prop([fc.array(frames, { maxLength: 8 })])(
    'are read as they were written, packed in one value',
    sent => {
      const read = decodeFrames(Buffer.concat(sent.map(encodeFrame)));
      expect(read).toHaveLength(sent.length);
      read.forEach((frame, index) => expect(frame).toEqual(sent[index]));
    },
  );

  test.prop([fc.array(frames, { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat({ max: 255 })])(
    'with a changed byte are read or refused, never worse',
    (sent, at, byte) => {
      const value = Buffer.concat(sent.map(encodeFrame));
      value[at % value.length] = byte;
      try {
        decodeFrames(value);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    },
  );

  test.prop([fc.uint8Array({ maxLength: 200 })])(
    'of random bytes are read or refused, never worse',
    content => {
      try {
        decodeFrames(Buffer.from(content));
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    },
  );

  it('of a kind that a newer peer knows are left out', () => {
    const line = 'ping a b 1';
    const unknown = Buffer.concat([Buffer.from([0, line.length, 0, 0, 0, 0]), Buffer.from(line)]);
    const cancel = encodeFrame({ kind: 'cancel', callId: 'c', execution: 'e', reason: 'r' });
    expect(decodeFrames(Buffer.concat([unknown, cancel]))).toMatchObject([{ kind: 'cancel' }]);
  });

  it('that claim more items than they have bytes are refused before anything is allocated', () => {
    const line = 'next c e 0 4000000000';
    const value = Buffer.concat([Buffer.from([0, line.length, 0, 0, 0, 0]), Buffer.from(line)]);
    expect(() => decodeFrames(value)).toThrow('4000000000 items claimed in 0 bytes');
  });
});
