import { gunzipSync } from 'node:zlib';
import { BATCH_HEADER, type RecordBatch } from './record-batch.js';

const GZIP = 1;

/** Gzipped records that unpack to more are not looked into: a lookup by time is not worth that memory. */
const MAX_UNPACKED = 64 * 1024 * 1024;

/** The records of a batch as one run of bytes, or undefined where this package cannot unpack them. */
function unpack(batch: RecordBatch): Buffer | undefined {
  const records = batch.bytes.subarray(BATCH_HEADER);
  if (batch.compression === 0) return records;
  if (batch.compression !== GZIP) return undefined;
  try {
    return gunzipSync(records, { maxOutputLength: MAX_UNPACKED });
  } catch {
    return undefined;
  }
}

/** A zigzag varint: its value and where the next byte lies. */
function varint(bytes: Buffer, from: number): [value: number, next: number] {
  let raw = 0;
  let factor = 1;
  let at = from;
  for (;;) {
    const byte = bytes[at++];
    if (byte === undefined || at - from > 10) throw new RangeError('a varint ends early');
    raw += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) break;
  }
  return [raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, at];
}

/**
 * The first record of a batch that is no older than `timestamp`. Snappy, lz4 and zstd are not unpacked: there,
 * and where the records cannot be read, it is the batch's first.
 */
export function recordAt(batch: RecordBatch, timestamp: number): { offset: number; timestamp: number } {
  const first = { offset: batch.baseOffset, timestamp: batch.maxTimestamp };
  if (batch.stampedByLog) return first;
  const records = unpack(batch);
  if (!records) return first;
  try {
    for (let start = 0; start < records.length;) {
      const [length, body] = varint(records, start);
      const [timestampDelta, afterTimestamp] = varint(records, body + 1);
      const [offsetDelta] = varint(records, afterTimestamp);
      const time = batch.baseTimestamp + timestampDelta;
      if (time >= timestamp) return { offset: batch.baseOffset + offsetDelta, timestamp: time };
      if (length <= 0) break;
      start = body + length;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return first;
}
