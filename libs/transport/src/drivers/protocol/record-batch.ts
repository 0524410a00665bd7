import type { HeaderValue, OutgoingRecord } from '../driver.js';
import { crc32c } from './crc32c.js';

/** Bytes of a version 2 record batch before its first record. */
export const BATCH_HEADER_BYTES = 61;

const TWO_POW_32 = 4_294_967_296;

type Record = Pick<OutgoingRecord, 'key' | 'value' | 'headers'>;

/** The sizes of a batch and of the records in it, measured once so that the batch is written in one pass. */
export interface MeasuredBatch {
  records: readonly Record[];
  /** Bytes of each record after its own length field. */
  recordBytes: readonly number[];
  /** Bytes of the whole batch. */
  bytes: number;
}

/** Measures one partition's records as one uncompressed batch. */
export function measureBatch(records: readonly Record[]): MeasuredBatch {
  const recordBytes: number[] = [];
  let bytes = BATCH_HEADER_BYTES;
  for (let index = 0; index < records.length; index++) {
    const size = measureRecord(records[index]!, index);
    recordBytes.push(size);
    bytes += varintBytes(size) + size;
  }
  return { records, recordBytes, bytes };
}

/**
 * Writes the batch at `start` and returns the offset after it. All records carry the timestamp given, in
 * milliseconds since the epoch. `target` must have room for `batch.bytes`.
 */
export function writeBatch(target: Buffer, start: number, batch: MeasuredBatch, timestamp: number): number {
  const { records, recordBytes, bytes } = batch;
  const high = Math.floor(timestamp / TWO_POW_32);
  const low = timestamp - high * TWO_POW_32;
  target.fill(0, start, start + 8); // base offset: the broker's to set
  target.writeInt32BE(bytes - 12, start + 8);
  target.writeInt32BE(-1, start + 12); // leader epoch: the broker's to set
  target[start + 16] = 2; // magic
  target.writeInt16BE(0, start + 21); // attributes: neither compressed nor transactional, CreateTime
  target.writeInt32BE(records.length - 1, start + 23);
  target.writeInt32BE(high, start + 27);
  target.writeUInt32BE(low, start + 31);
  target.writeInt32BE(high, start + 35);
  target.writeUInt32BE(low, start + 39);
  target.fill(0xff, start + 43, start + 57); // producer id, epoch and sequence: -1, not idempotent
  target.writeInt32BE(records.length, start + 57);

  let at = start + BATCH_HEADER_BYTES;
  for (let index = 0; index < records.length; index++) {
    at = writeVarint(target, at, recordBytes[index]!);
    at = writeRecord(target, at, records[index]!, index);
  }
  target.writeUInt32BE(crc32c(target, start + 21, at), start + 17);
  return at;
}

/** A written batch with its records replaced by their compressed bytes. `codec` is Kafka's number of it. */
export function compressedBatch(plain: Buffer, packed: Buffer, codec: number): Buffer {
  const batch = Buffer.concat([plain.subarray(0, BATCH_HEADER_BYTES), packed]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt16BE(batch.readInt16BE(21) | codec, 21);
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  return batch;
}

function measureRecord({ key, value, headers }: Record, offsetDelta: number): number {
  let bytes = 2 + varintBytes(offsetDelta); // attributes, timestamp delta 0
  bytes += key === null ? 1 : varintBytes(key.length) + key.length;
  bytes += value === null ? 1 : varintBytes(value.length) + value.length;
  let count = 0;
  for (const name in headers) {
    const nameLength = headerName(name).length;
    const valueLength = headerBytes(headers[name]!);
    bytes += varintBytes(nameLength) + nameLength + varintBytes(valueLength) + valueLength;
    count++;
  }
  return bytes + varintBytes(count);
}

function writeRecord(
  target: Buffer,
  start: number,
  { key, value, headers }: Record,
  offsetDelta: number,
): number {
  let at = start;
  target[at++] = 0; // attributes
  target[at++] = 0; // timestamp delta
  at = writeVarint(target, at, offsetDelta);
  at = writeBytes(target, at, key);
  at = writeBytes(target, at, value);
  let count = 0;
  for (const _ in headers) count++;
  at = writeVarint(target, at, count);
  for (const name in headers) {
    at = writeBytes(target, at, headerName(name));
    const headerValue = headers[name]!;
    if (typeof headerValue === 'string') {
      const length = Buffer.byteLength(headerValue);
      at = writeVarint(target, at, length);
      at += target.write(headerValue, at, length, 'utf8');
    } else {
      at = writeBytes(target, at, headerValue);
    }
  }
  return at;
}

function writeBytes(target: Buffer, at: number, bytes: Buffer | null): number {
  if (bytes === null) {
    target[at] = 1; // -1, in zigzag
    return at + 1;
  }
  const start = writeVarint(target, at, bytes.length);
  target.set(bytes, start);
  return start + bytes.length;
}

function headerBytes(value: HeaderValue): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

/** Bytes of a non-negative number below 2^31 as a zigzag varint. */
function varintBytes(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x2000) return 2;
  if (value < 0x100000) return 3;
  if (value < 0x8000000) return 4;
  return 5;
}

function writeVarint(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value * 2; // zigzag of a non-negative number
  while (rest > 0x7f) {
    target[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[at++] = rest;
  return at;
}

/** Header names repeat without end: their bytes are kept, up to a bound. */
const MAX_HEADER_NAMES = 1_000;
const headerNames = new Map<string, Buffer>();

function headerName(name: string): Buffer {
  const known = headerNames.get(name);
  if (known) return known;
  const bytes = Buffer.from(name);
  if (headerNames.size < MAX_HEADER_NAMES) headerNames.set(name, bytes);
  return bytes;
}
