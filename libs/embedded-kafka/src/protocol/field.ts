import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Reads and writes one value in one version of one message. */
export interface Codec<Out, In> {
  /** The least bytes a value takes: what an array's claimed length is checked against. */
  readonly least: number;
  readonly read: (reader: Reader) => Out;
  readonly write: (writer: Writer, value: In) => void;
}

export type CodecOf<Out, In> = (version: number, flexible: boolean) => Codec<Out, In>;

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

/** Puts a codec in its place: the versions that have the field, and what stands for it where it is left out. */
export function field<Out, In, O extends FieldOptions<Out & In>>(
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
