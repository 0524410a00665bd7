import { gunzipSync } from 'node:zlib';
import { BATCH_HEADER, type RecordBatch } from './record-batch.js';

const GZIP = 1;

/** Gzipped records that unpack to more are not looked into: what they are looked into for is not worth that memory. */
const MAX_UNPACKED = 64 * 1024 * 1024;

/** What a broker wants to know of one record. */
export interface RecordHead {
  readonly offset: number;
  readonly timestamp: number;
  readonly hasKey: boolean;
}

/**
 * The records of a batch, in order; none where they are compressed by snappy, lz4 or zstd, which are not unpacked
 * here, and none from the first on that cannot be read.
 */
export function* recordsIn(batch: RecordBatch): Generator<RecordHead> {
  const records = unpack(batch);
  if (!records) return;
  try {
    for (let start = 0; start < records.length;) {
      const [length, body] = varint(records, start);
      const [timestampDelta, afterTimestamp] = varint(records, body + 1);
      const [offsetDelta, afterOffset] = varint(records, afterTimestamp);
      const [keyLength] = varint(records, afterOffset);
      yield {
        offset: batch.baseOffset + offsetDelta,
        timestamp: batch.baseTimestamp + timestampDelta,
        hasKey: keyLength >= 0,
      };
      if (length <= 0) return;
      start = body + length;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

/** The records as one run of bytes, or undefined where they are not unpacked. */
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
