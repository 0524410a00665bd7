import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MalformedRequest } from './malformed.js';
import { MAX_ELEMENTS, Reader } from './reader.js';
import * as f from './schema.js';
import { Writer } from './writer.js';

const inner = { id: f.int32(), note: f.nullableString({ since: 2, default: null }) };

const fields = {
  flag: f.bool(),
  tiny: f.int8(),
  small: f.int16(),
  whole: f.int32(),
  big: f.int64(),
  id: f.uuid(),
  text: f.string(),
  maybe: f.nullableString(),
  blob: f.bytes(),
  batches: f.records(),
  items: f.array(inner),
  maybeItems: f.nullableArray(inner),
  numbers: f.arrayOf(f.int32()),
  maybeTexts: f.nullableArrayOf(f.string()),
  added: f.int32({ since: 3, default: -7 }),
  dropped: f.string({ until: 1, default: 'gone' }),
};

const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const item = fc.record({ id: int(32), note: fc.option(fc.string()) });
const blob = fc.uint8Array({ maxLength: 5_000 }).map(bytes => Buffer.from(bytes));

const message = fc.record({
  flag: fc.boolean(),
  tiny: int(8),
  small: int(16),
  whole: int(32),
  big: fc.maxSafeInteger(),
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytes => Buffer.from(bytes).toString('hex')),
  text: fc.string({ unit: 'binary' }),
  maybe: fc.option(fc.string()),
  blob,
  batches: fc.option(fc.array(blob, { maxLength: 4 })),
  items: fc.array(item),
  maybeItems: fc.option(fc.array(item)),
  numbers: fc.array(int(32)),
  maybeTexts: fc.option(fc.array(fc.string())),
  added: int(32),
  dropped: fc.string(),
});

function encode(
  codec: f.Codec<unknown, f.Encodable<typeof fields>>,
  value: f.Encodable<typeof fields>,
): Buffer {
  const writer = new Writer();
  codec.write(writer, value);
  return Buffer.concat(writer.frame()).subarray(4);
}

function readerOf(...bytes: number[]): Reader {
  return new Reader(Buffer.from(bytes));
}

describe('a schema', () => {
  test.prop([message, fc.nat(4), fc.boolean()])(
    'reads back what it wrote, in every version',
    (value, version, flexible) => {
      const codec = f.struct(fields, version, flexible);
      const reader = new Reader(encode(codec, value));
      const withNote = ({ id, note }: { id: number; note: string | null }) => ({
        id,
        note: version >= 2 ? note : null,
      });
      expect(codec.read(reader)).toEqual({
        ...value,
        batches: value.batches && Buffer.concat(value.batches),
        items: value.items.map(withNote),
        maybeItems: value.maybeItems && value.maybeItems.map(withNote),
        added: version >= 3 ? value.added : -7,
        dropped: version <= 1 ? value.dropped : 'gone',
      });
      expect(reader.remaining).toBe(0);
    },
  );

  test.prop([message, fc.boolean(), fc.nat()])(
    'refuses every message that is cut short',
    (value, flexible, cut) => {
      const codec = f.struct(fields, 4, flexible);
      const bytes = encode(codec, value);
      const reader = new Reader(bytes.subarray(0, cut % bytes.length));
      expect(() => codec.read(reader)).toThrow(MalformedRequest);
    },
  );

  test.prop([fc.uint8Array({ maxLength: 200 }), fc.nat(4), fc.boolean()])(
    'reads any bytes, or raises MalformedRequest and nothing else',
    (bytes, version, flexible) => {
      try {
        f.struct(fields, version, flexible).read(new Reader(Buffer.from(bytes)));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedRequest);
      }
    },
  );

  it('writes defaults for what is left out, and refuses to leave out what has none', () => {
    const layout = { a: f.int8({ default: 5 }), b: f.int8() };
    const writer = new Writer();
    f.struct(layout, 0, false).write(writer, { b: 1 });
    expect([...Buffer.concat(writer.frame()).subarray(4)]).toEqual([5, 1]);
    // @ts-expect-error b has no default
    expect(() => f.struct(layout, 0, false).write(new Writer(), { a: 1 })).toThrow(/left out/);
  });

  it('skips tagged fields that it does not know', () => {
    const reader = readerOf(7, 2, 0, 3, 1, 2, 3, 9, 0, 42);
    expect(f.struct({ a: f.int8() }, 0, true).read(reader)).toEqual({ a: 7 });
    expect(reader.int8()).toBe(42);
  });

  it('keeps Long.MAX_VALUE', () => {
    const bytes = Buffer.from('7fffffffffffffff', 'hex');
    const writer = new Writer();
    writer.int64(new Reader(bytes).int64());
    expect(Buffer.concat(writer.frame()).subarray(4)).toEqual(bytes);
  });
});

describe('an array', () => {
  const read = (reader: Reader) => f.array({ name: f.string() }).codec(0, false).read(reader);

  it('may not claim more elements than bytes follow', () => {
    expect(() => read(readerOf(0x7f, 0xff, 0xff, 0xff, 0, 0))).toThrow(
      /claims 2147483647 elements, only 2 bytes/,
    );
  });

  it('may not have a negative length other than the null of nullable ones', () => {
    expect(() => read(readerOf(0xff, 0xff, 0xff, 0xff))).toThrow(/must not be null/);
    expect(() => read(readerOf(0xff, 0xff, 0xff, 0xfe))).toThrow(/negative length: -2/);
  });

  it('counts against one bound for the whole request', () => {
    const bytes = Buffer.alloc(4 + MAX_ELEMENTS + 1);
    bytes.writeInt32BE(MAX_ELEMENTS + 1);
    expect(() => f.arrayOf(f.int8()).codec(0, false).read(new Reader(bytes))).toThrow(/more than 1000000/);
  });
});

describe('a string', () => {
  it('may not have a negative length other than the null of nullable ones', () => {
    expect(f.nullableString().codec(0, false).read(readerOf(0xff, 0xff))).toBeNull();
    expect(() => f.nullableString().codec(0, false).read(readerOf(0xff, 0xfe))).toThrow(/negative: -2/);
    expect(() => f.string().codec(0, true).read(readerOf(0))).toThrow(/must not be null/);
  });

  it('may not have a length that never ends', () => {
    expect(() =>
      f
        .string()
        .codec(0, true)
        .read(readerOf(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
    ).toThrow(/longer than 5/);
  });
});
