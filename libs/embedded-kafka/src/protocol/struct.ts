import type { Codec, Decoded, Encodable, Fields } from './field.js';

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
