import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { jsonCodec } from './json-codec.js';

function roundTrip(value: unknown): unknown {
  const { type, bytes } = jsonCodec.encode(value);
  return jsonCodec.decode(type, bytes);
}

/** Any JSON value with Buffers anywhere in it, keys that look like the codec's own tag among them. */
const values = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue({ maxDepth: 1, noUnicodeString: false }),
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'value', '$buffer', '$$buffer', 'type'), tie('value'), {
      noNullPrototype: true,
    }),
  ),
})).value;

describe('jsonCodec', () => {
  it.each([1, 0, -1.5, true, false, null, undefined, '', '1', 'true', '{"a":1}', 'null'])(
    'keeps %j as it is',
    value => {
      expect(roundTrip(value)).toStrictEqual(value);
    },
  );

  it('keeps a key named value and its neighbours', () => {
    expect(roundTrip({ value: { value: 1 }, other: 2 })).toStrictEqual({ value: { value: 1 }, other: 2 });
  });

  it('keeps Buffers, on top and nested', () => {
    expect(roundTrip(Buffer.from([0, 255]))).toStrictEqual(Buffer.from([0, 255]));
    expect(roundTrip({ deep: [Buffer.from('x')] })).toStrictEqual({ deep: [Buffer.from('x')] });
  });

  it('does not take an object that looks like a Buffer for one', () => {
    const lookalike = { type: 'Buffer', data: [1, 2] };
    expect(roundTrip({ lookalike, real: Buffer.from('x') })).toStrictEqual({
      lookalike,
      real: Buffer.from('x'),
    });
  });

  test.prop([values])('gives back what it was given', value => {
    // JSON has no negative zero.
    const expected: unknown = value === undefined ? undefined : withoutNegativeZero(value);
    expect(roundTrip(value)).toStrictEqual(expected);
  });

  it('says what it cannot write', () => {
    expect(() => jsonCodec.encode(1n)).toThrow(/cannot be written as JSON/);
    expect(() => jsonCodec.encode(() => 1)).toThrow('a function cannot be written as JSON');
  });

  it('raises WireError for bytes that are not of its making', () => {
    expect(() => jsonCodec.decode('j', Buffer.from('{'))).toThrow('not valid JSON');
    expect(() => jsonCodec.decode('?', Buffer.from('1'))).toThrow('unknown content type');
  });
});

function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNegativeZero(inner)]));
}
