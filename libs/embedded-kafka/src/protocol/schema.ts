import {
  field,
  type Codec,
  type Decoded,
  type Encodable,
  type Field,
  type FieldOptions,
  type Fields,
} from './field.js';
import { MalformedRequest } from './malformed.js';
import type { Reader } from './reader.js';
import { struct } from './struct.js';
import type { Writer } from './writer.js';

export type { Codec, Decoded, Encodable, Field, Fields } from './field.js';
export { struct } from './struct.js';

function fixed<T>(zero: T, codec: Codec<T, T>) {
  return <const O extends FieldOptions<T>>(options?: O) => field<T, T, O>(zero, () => codec, options);
}

export const bool = fixed<boolean>(false, {
  least: 1,
  read: reader => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
});

export const int8 = fixed<number>(0, { least: 1, read: r => r.int8(), write: (w, value) => w.int8(value) });
export const int16 = fixed<number>(0, {
  least: 2,
  read: r => r.int16(),
  write: (w, value) => w.int16(value),
});
export const int32 = fixed<number>(0, {
  least: 4,
  read: r => r.int32(),
  write: (w, value) => w.int32(value),
});
export const int64 = fixed<number>(0, {
  least: 8,
  read: r => r.int64(),
  write: (w, value) => w.int64(value),
});

/** The zero UUID, which Kafka takes for "none". */
export const NO_UUID = '0'.repeat(32);

/** As 32 hexadecimal digits. */
export const uuid = fixed<string>(NO_UUID, {
  least: 16,
  read: r => r.uuid(),
  write: (w, value) => w.uuid(value),
});

/** A length before the value, -1 for null: an integer in old versions, a varint of length + 1 in flexible ones. */
type Length = Codec<number, number>;

const compactLength: Length = {
  least: 1,
  read: reader => reader.uvarint() - 1,
  write: (writer, length) => writer.uvarint(length + 1),
};
const shortLength: Length = { least: 2, read: r => r.int16(), write: (w, length) => w.int16(length) };
const longLength: Length = { least: 4, read: r => r.int32(), write: (w, length) => w.int32(length) };

function nullable<Out, In>(length: Length, codec: SizedCodec<Out, In>): Codec<Out | null, In | null> {
  return {
    least: length.least,
    read(reader) {
      const size = length.read(reader);
      return size === -1 ? null : codec.read(reader, size);
    },
    write(writer, value) {
      if (value === null) return length.write(writer, -1);
      const size = codec.size(value);
      length.write(writer, size);
      codec.write(writer, value, size);
    },
  };
}

function required<Out, In>(length: Length, codec: SizedCodec<Out, In>): Codec<Out, In> {
  const inner = nullable(length, codec);
  return {
    ...inner,
    read(reader) {
      const value = inner.read(reader);
      if (value === null) throw new MalformedRequest('a field that must not be null is null');
      return value;
    },
  };
}

/** A value behind a length. */
interface SizedCodec<Out, In> {
  size(value: In): number;
  read(reader: Reader, size: number): Out;
  write(writer: Writer, value: In, size: number): void;
}

const text: SizedCodec<string, string> = {
  size: value => Buffer.byteLength(value),
  read: (reader, size) => reader.utf8(size),
  write: (writer, value, size) => writer.utf8(value, size),
};

const blob: SizedCodec<Buffer, Buffer> = {
  size: value => value.length,
  read: (reader, size) => reader.raw(size),
  write: (writer, value) => writer.raw(value),
};

const batches: SizedCodec<Buffer, readonly Buffer[]> = {
  size: value => value.reduce((total, batch) => total + batch.length, 0),
  read: (reader, size) => reader.raw(size),
  write: (writer, value) => value.forEach(batch => writer.raw(batch)),
};

const NO_BYTES = Buffer.alloc(0);

export const string = <const O extends FieldOptions<string>>(options?: O) =>
  field<string, string, O>(
    '',
    (_, flexible) => required(flexible ? compactLength : shortLength, text),
    options,
  );

export const nullableString = <const O extends FieldOptions<string | null>>(options?: O) =>
  field<string | null, string | null, O>(
    null,
    (_, flexible) => nullable(flexible ? compactLength : shortLength, text),
    options,
  );

/** Decodes to a view on the frame: whoever keeps it copies it. */
export const bytes = <const O extends FieldOptions<Buffer>>(options?: O) =>
  field<Buffer, Buffer, O>(
    NO_BYTES,
    (_, flexible) => required(flexible ? compactLength : longLength, blob),
    options,
  );

/** Record batches: decodes to one view on the frame, encodes from a list, so that batches are sent uncopied. */
export const records = <const O extends FieldOptions<null>>(options?: O) =>
  field<Buffer | null, readonly Buffer[] | null, O>(
    null,
    (_, flexible) => nullable(flexible ? compactLength : longLength, batches),
    options,
  );

function elements<Out, In>(element: Codec<Out, In>): SizedCodec<Out[], readonly In[]> {
  return {
    size: value => value.length,
    read(reader, size) {
      const value: Out[] = [];
      for (let left = reader.claim(size, element.least); left > 0; left--) value.push(element.read(reader));
      return value;
    },
    write: (writer, value) => value.forEach(item => element.write(writer, item)),
  };
}

/** An array of structures. */
export const array = <F extends Fields, const O extends FieldOptions<Decoded<F>[] & readonly Encodable<F>[]>>(
  fields: F,
  options?: O,
) =>
  field<Decoded<F>[], readonly Encodable<F>[], O>(
    [],
    (version, flexible) =>
      required(flexible ? compactLength : longLength, elements(struct(fields, version, flexible))),
    options,
  );

export const nullableArray = <
  F extends Fields,
  const O extends FieldOptions<(Decoded<F>[] & readonly Encodable<F>[]) | null>,
>(
  fields: F,
  options?: O,
) =>
  field<Decoded<F>[] | null, readonly Encodable<F>[] | null, O>(
    null,
    (version, flexible) =>
      nullable(flexible ? compactLength : longLength, elements(struct(fields, version, flexible))),
    options,
  );

/** An array of plain values, such as `arrayOf(int32())`. */
export const arrayOf = <T, const O extends FieldOptions<T[]>>(item: Field<T, T>, options?: O) =>
  field<T[], readonly T[], O>(
    [],
    (version, flexible) =>
      required(flexible ? compactLength : longLength, elements(item.codec(version, flexible))),
    options,
  );

export const nullableArrayOf = <T, const O extends FieldOptions<T[] | null>>(
  item: Field<T, T>,
  options?: O,
) =>
  field<T[] | null, readonly T[] | null, O>(
    null,
    (version, flexible) =>
      nullable(flexible ? compactLength : longLength, elements(item.codec(version, flexible))),
    options,
  );
