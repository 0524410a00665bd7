import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { decodeHeader, encodeHeader, MAX_TIMEOUT_MS, type Header } from './header.js';
import { WireError } from './wire-error.js';

const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,22}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const contentType = fc.constantFrom('j', 'u', 'b');

const request = {
  kind: fc.constant('request' as const),
  callId: ids,
  pattern: text,
  replyTo: fc.record({
    topic: fc.stringMatching(/^[A-Za-z0-9._-]{1,30}$/),
    partition: fc.nat(),
    instance: ids,
  }),
  timeoutMs: fc.nat({ max: MAX_TIMEOUT_MS }),
  credit: fc.nat(),
  creditBytes: fc.nat(),
  resumeFrom: fc.nat(),
  attempt: fc.nat(),
  contentType,
  correlationId: text,
};

const headers: fc.Arbitrary<Header> = fc.oneof(
  fc.record(request),
  fc.record({ ...request, partedBytes: fc.nat() }),
  fc.record({ ...request, upload: fc.constant(true) }),
  fc.record({ ...request, partedBytes: fc.nat(), upload: fc.constant(true) }),
  fc.record({
    kind: fc.constant('part' as const),
    callId: ids,
    attempt: fc.nat(),
    at: fc.nat(),
    size: fc.nat(),
    timeoutMs: fc.nat({ max: MAX_TIMEOUT_MS }),
  }),
  fc.record({
    kind: fc.constant('event' as const),
    messageId: ids,
    pattern: text,
    contentType,
    correlationId: text,
  }),
  fc.record({ kind: fc.constant('frames' as const), instance: ids }),
);

describe('the parley header', () => {
  it('asks for no longer a timeout than a timer can wait', () => {
    const line = '1 request c p t 0 i 9007199254740991 1 1 j c 1 0';
    expect(decodeHeader(Buffer.from(line))).toMatchObject({ timeoutMs: MAX_TIMEOUT_MS });
    expect(decodeHeader(Buffer.from('1 part c 1 0 1 9007199254740991'))).toMatchObject({
      timeoutMs: MAX_TIMEOUT_MS,
    });
  });

  test.prop([headers])('is read as it was written, in printable ASCII', header => {
    const line = encodeHeader(header);
    expect(line).toMatch(/^[ -~]+$/);
    expect(decodeHeader(Buffer.from(line))).toEqual(header);
  });

  test.prop([
    fc.oneof(
      fc.string(),
      headers.map(encodeHeader).map(line => line.slice(0, -3)),
    ),
  ])('of anything else is refused with a WireError, or read', line => {
    try {
      decodeHeader(Buffer.from(line));
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  });

  it.each([
    ['2 request', 'protocol version "2"; this process speaks 1'],
    ['1 shout x', 'unknown record kind "shout"'],
    ['1 request c p to/pic 0 i 1 1 1 j x', 'reply topic "to/pic" is not a topic name'],
    ['1 request c p t -1 i 1 1 1 j x', 'partition "-1" is not a whole number'],
    ['1 request c p t 0 i 99999999999999999 1 1 j x', 'timeout "99999999999999999" is not a whole number'],
    ['1 frames', 'instance (missing) is not an id'],
    [`1 frames ${'x'.repeat(5000)}`, 'a header of 5009 bytes; the limit is 4096'],
  ])('%s is refused: %s', (line, message) => {
    expect(() => decodeHeader(Buffer.from(line))).toThrow(message);
  });
});
