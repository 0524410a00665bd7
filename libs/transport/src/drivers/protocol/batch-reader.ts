import type { ReceivedRecord } from '../driver.js';
import { crc32c } from './crc32c.js';
import { BATCH_HEADER_BYTES } from './record-batch.js';
import { RecordReader } from './record-reader.js';

const TWO_POW_32 = 4_294_967_296;
const LOG_OVERHEAD_BYTES = 12;
const MAGIC = 2;
const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Where one record batch lies in the bytes of a fetch answer, and what its header says. */
export interface BatchHeader {
  start: number;
  end: number;
  baseOffset: number;
  lastOffset: number;
  /** 2 for all that brokers write since 0.11; older message sets cannot be read. */
  magic: number;
  attributes: number;
  producerId: number;
  /** Of the leader that wrote it. */
  leaderEpoch: number;
}

export interface AbortedTransaction {
  producerId: number;
  firstOffset: number;
}

export interface BatchSource {
  topic: string;
  partition: number;
  /** The records of a fetch answer: batches one after another, the last perhaps cut off. */
  bytes: Buffer;
  /** The position that was asked for; a batch may begin before it. */
  from: number;
  /** Transactions whose records are left out; empty when reading uncommitted. */
  aborted: readonly AbortedTransaction[];
}

export interface BatchReading {
  /** The bytes of a compressed batch's records. `codec` is Kafka's number of it. */
  decompress(codec: number, bytes: Buffer): Promise<Buffer>;
  /** Told of each batch that was skipped because it cannot be read. */
  onUnreadable(error: Error): void;
}

/** The headers of all complete batches: cheap, since no record is looked at. */
export function batchHeaders(bytes: Buffer): BatchHeader[] {
  const headers: BatchHeader[] = [];
  let start = 0;
  while (start + BATCH_HEADER_BYTES <= bytes.length) {
    const end = start + LOG_OVERHEAD_BYTES + bytes.readInt32BE(start + 8);
    if (end > bytes.length || end <= start + 17) break;
    const baseOffset = int64(bytes, start);
    const magic = bytes[start + 16]!;
    const isCurrent = magic === MAGIC && end - start >= BATCH_HEADER_BYTES;
    headers.push({
      start,
      end,
      baseOffset,
      lastOffset: baseOffset + (isCurrent ? bytes.readInt32BE(start + 23) : 0),
      magic: isCurrent ? magic : 0,
      attributes: isCurrent ? bytes.readInt16BE(start + 21) : 0,
      producerId: isCurrent ? int64(bytes, start + 43) : -1,
      leaderEpoch: isCurrent ? bytes.readInt32BE(start + 12) : -1,
    });
    start = end;
  }
  return headers;
}

export function isCompressed({ attributes }: BatchHeader): boolean {
  return (attributes & COMPRESSION_MASK) !== 0;
}

/**
 * The records at or after `source.from`, without control records and aborted transactions. A promise only where
 * a batch is compressed. A batch that cannot be read is skipped and told of; it never raises.
 */
export function readBatches(
  source: BatchSource,
  headers: readonly BatchHeader[],
  reading: BatchReading,
): ReceivedRecord[] | Promise<ReceivedRecord[]> {
  const wanted = withoutAborted(intactOf(source, headers, reading), source.aborted);
  if (wanted.some(isCompressed)) return readCompressed(source, wanted, reading);

  const records: ReceivedRecord[] = [];
  for (const header of wanted) {
    try {
      readRecords(source, header, recordBytes(source, header), records);
    } catch (error) {
      reading.onUnreadable(unreadable(source, header, error));
    }
  }
  return records;
}

async function readCompressed(
  source: BatchSource,
  headers: readonly BatchHeader[],
  reading: BatchReading,
): Promise<ReceivedRecord[]> {
  const records: ReceivedRecord[] = [];
  for (const header of headers) {
    try {
      const codec = header.attributes & COMPRESSION_MASK;
      const bytes = recordBytes(source, header);
      const plain = codec === 0 ? bytes : await reading.decompress(codec, bytes);
      readRecords(source, header, plain, records);
    } catch (error) {
      reading.onUnreadable(unreadable(source, header, error));
    }
  }
  return records;
}

/** Nothing a header says is believed before its checksum is. */
function intactOf(
  source: BatchSource,
  headers: readonly BatchHeader[],
  reading: BatchReading,
): BatchHeader[] {
  return headers.filter(header => {
    try {
      checkBatch(source, header);
      return true;
    } catch (error) {
      reading.onUnreadable(unreadable(source, header, error));
      return false;
    }
  });
}

/** Drops control batches, and batches of transactions that the broker told were aborted. */
function withoutAborted(
  headers: readonly BatchHeader[],
  aborted: readonly AbortedTransaction[],
): BatchHeader[] {
  const upcoming = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const abortedNow = new Set<number>();
  return headers.filter(({ attributes, producerId, lastOffset }) => {
    while (upcoming.length > 0 && upcoming[0]!.firstOffset <= lastOffset) {
      abortedNow.add(upcoming.shift()!.producerId);
    }
    if (attributes & CONTROL) {
      abortedNow.delete(producerId); // a marker, commit or abort, ends the producer's transaction
      return false;
    }
    return !(attributes & TRANSACTIONAL && abortedNow.has(producerId));
  });
}

function checkBatch({ bytes }: BatchSource, { start, end, magic }: BatchHeader): void {
  if (magic !== MAGIC) throw new Error('it is written in a format older than Kafka 0.11');
  const expected = bytes.readUInt32BE(start + 17);
  const actual = crc32c(bytes, start + 21, end);
  if (actual !== expected) {
    throw new Error(`its checksum is ${actual.toString(16)}, its header says ${expected.toString(16)}`);
  }
}

function recordBytes({ bytes }: BatchSource, { start, end }: BatchHeader): Buffer {
  return bytes.subarray(start + BATCH_HEADER_BYTES, end);
}

function readRecords(
  { topic, partition, from, bytes }: BatchSource,
  { start, baseOffset, attributes }: BatchHeader,
  plain: Buffer,
  into: ReceivedRecord[],
): void {
  const count = bytes.readInt32BE(start + 57);
  const firstTimestamp = int64(bytes, start + 27);
  const appendTime = attributes & LOG_APPEND_TIME ? int64(bytes, start + 35) : undefined;
  const reader = new RecordReader(plain);
  const kept = into.length;
  try {
    for (let index = 0; index < count; index++) {
      const record = reader.next();
      const offset = baseOffset + record.offsetDelta;
      if (offset < from) continue;
      into.push({
        topic,
        partition,
        offset,
        timestamp: appendTime ?? firstTimestamp + record.timestampDelta,
        key: record.key,
        value: record.value,
        headers: record.headers,
      });
    }
  } catch (error) {
    into.length = kept;
    throw error;
  }
}

function unreadable(
  { topic, partition }: BatchSource,
  { baseOffset, lastOffset }: BatchHeader,
  cause: unknown,
): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `Offsets ${baseOffset} to ${lastOffset} of ${topic}[${partition}] cannot be read and were skipped: ${reason}`,
    { cause },
  );
}

function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_POW_32 + bytes.readUInt32BE(at + 4);
}
