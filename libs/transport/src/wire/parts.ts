/** What is larger than this travels in parts: half of what a broker takes in a record unless it is told otherwise. */
export const LARGE_BYTES = 512 * 1024;
/** What a part holds: two of them leave in one batch of a partition. */
export const PART_BYTES = 240 * 1024;
/** No part but the last is smaller, however little a broker takes: so that many cannot cost more than they hold. */
export const MIN_PART_BYTES = 1024;

/** A stretch of something that is too large for one record. */
export interface Part {
  /** Where in the whole it begins, in bytes. */
  at: number;
  bytes: Buffer;
}

/** The whole in parts, in order: views of it, not copies. */
export function partsOf(whole: Buffer, partBytes = PART_BYTES): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < whole.length; at += partBytes) {
    parts.push({ at, bytes: whole.subarray(at, at + partBytes) });
  }
  return parts;
}

/** A part in two, for a broker that takes less; undefined where it is too small for that. */
export function halvesOf({ at, bytes }: Part): readonly [Part, Part] | undefined {
  if (bytes.length < 2 * MIN_PART_BYTES) return undefined;
  const middle = Math.floor(bytes.length / 2);
  return [
    { at, bytes: bytes.subarray(0, middle) },
    { at: at + middle, bytes: bytes.subarray(middle) },
  ];
}
