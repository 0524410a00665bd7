import { MalformedRequest } from './malformed.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Reads and writes one value in one version of one message. */
export interface Codec<Out, In> {
  /** The least bytes a value takes: what an array's claimed length is checked against. */
  readonly least: number;
  readonly read: (reader: Reader) => Out;
  readonly write: (writer: Writer, value: In) => void;
}

type CodecOf<Out, In> = (version: number, flexible: boolean) => Codec<Out, In>;

/**
 * One field of a message. `Out` is what decoding yields; `In` is what encoding takes, and includes `undefined`
 * where the field has a default.
 */
export interface Field<Out, In> {
  readonly since: number;
  readonly until: number;
  /** What decoding yields in versions that lack the field. */
  readonly absent: Out;
  readonly codec: CodecOf<Out, In>;
}

/** A message or an array's element: its fields in the order they have on the wire. */
export type Fields = Readonly<Record<string, Field<unknown, never>>>;

/** What a decoded message looks like. */
export type Decoded<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<infer Out, infer _In> ? Out : never;
};

type InputOf<T> = T extends Field<infer _Out, infer In> ? In : never;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: undefined extends InputOf<F[K]> ? K : never;
}[keyof F];

/** What encoding a message takes: fields with a default may be left out. */
export type Encodable<F extends Fields> = {
  [K in Exclude<keyof F, OptionalKeys<F>>]: InputOf<F[K]>;
} & { [K in OptionalKeys<F>]?: InputOf<F[K]> };

export interface FieldOptions<T> {
  /** First version that has the field; default 0. */
  readonly since?: number;
  /** Last version that has the field; default: all later ones. */
  readonly until?: number;
  /** Written when the value is left out, read in versions that lack the field. */
  readonly default?: T;
}

type Input<In, O> = O extends { readonly default: unknown } ? In | undefined : In;

function field<Out, In, O extends FieldOptions<Out & In>>(
  zero: Out,
  codecOf: CodecOf<Out, In>,
  options?: O,
): Field<Out, Input<In, O>> {
  const fallback = options?.default;
  const codec: CodecOf<Out, In | undefined> = (version, flexible) => {
    const { least, read, write } = codecOf(version, flexible);
    return {
      least,
      read,
      write: (writer, value = fallback) => {
        if (value === undefined) throw new TypeError('a field without a default is left out of a response');
        write(writer, value);
      },
    };
  };
  return {
    since: options?.since ?? 0,
    until: options?.until ?? Infinity,
    absent: options?.default ?? zero,
    codec,
  };
}

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

/**
 * The codec of a structure in one version. Tagged fields are skipped when read and never written: every one
 * that Kafka defines for the versions served here is optional.
 */
export function struct<F extends Fields>(
  fields: F,
  version: number,
  flexible: boolean,
): Codec<Decoded<F>, Encodable<F>> {
  const absent: Record<string, unknown> = {};
  const present: { name: string; codec: Codec<unknown, never> }[] = [];
  for (const [name, { since, until, absent: value, codec }] of Object.entries(fields)) {
    absent[name] = value;
    if (version >= since && version <= until) present.push({ name, codec: codec(version, flexible) });
  }
  return {
    least: present.reduce((total, { codec }) => total + codec.least, flexible ? 1 : 0),
    read(reader) {
      const value = { ...absent };
      for (const { name, codec } of present) value[name] = codec.read(reader);
      if (flexible) reader.skipTags();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop above built it field by field
      return value as Decoded<F>;
    },
    write(writer, value) {
      const values: Readonly<Record<string, unknown>> = value;
      for (const { name, codec } of present)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Encodable<F> has checked it by its name
        codec.write(writer, values[name] as never);
      if (flexible) writer.uvarint(0);
    },
  };
}
