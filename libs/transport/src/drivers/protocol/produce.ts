import type { OutgoingRecord } from '../driver.js';
import { measureBatch, writeBatch } from './record-batch.js';
import type { MeasuredBatch } from './record-batch.js';
import type { Reader } from './reader.js';

export interface PartitionAnswer {
  topic: string;
  partition: number;
  errorCode: number;
  baseOffset: number;
  /** The broker's own words on an error, where it gave any. */
  message: string | null;
}

export interface PartitionRecords {
  partition: number;
  records: OutgoingRecord[];
}

/** Groups records by topic and partition, in one pass, keeping their order. */
export function groupByPartition(
  records: readonly OutgoingRecord[],
): Map<string, Map<number, OutgoingRecord[]>> {
  const topics = new Map<string, Map<number, OutgoingRecord[]>>();
  for (const record of records) {
    let partitions = topics.get(record.topic);
    if (!partitions) topics.set(record.topic, (partitions = new Map()));
    const group = partitions.get(record.partition);
    if (group) group.push(record);
    else partitions.set(record.partition, [record]);
  }
  return topics;
}

const ALL_REPLICAS = -1;

interface ReadyBatch {
  encoded: Buffer;
  bytes: number;
}

export interface ProduceEncoding {
  /** Bytes left free at the start. */
  reserve: number;
  timeoutMs: number;
  timestamp: number;
  /** Batches that were written before, by their records. */
  ready?: ReadonlyMap<readonly OutgoingRecord[], Buffer>;
}

/**
 * A whole produce request in one buffer of its exact size, written once. `reserve` bytes are left free at its
 * start for the request header; `timestamp` is that of all records.
 */
export function encodeProduce(
  topics: ReadonlyMap<string, ReadonlyMap<number, readonly OutgoingRecord[]>>,
  { reserve, timeoutMs, timestamp, ready }: ProduceEncoding,
): Buffer {
  const measured = new Map<string, [partition: number, batch: MeasuredBatch | ReadyBatch][]>();
  let size = reserve + 12; // transactional id, acks, time-out, number of topics
  for (const [topic, partitions] of topics) {
    const batches: [number, MeasuredBatch | ReadyBatch][] = [];
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const [partition, records] of partitions) {
      const encoded = ready?.get(records);
      const batch = encoded ? { encoded, bytes: encoded.length } : measureBatch(records);
      batches.push([partition, batch]);
      size += 8 + batch.bytes;
    }
    measured.set(topic, batches);
  }

  const buffer = Buffer.allocUnsafe(size);
  let at = buffer.writeInt16BE(-1, reserve); // no transaction
  at = buffer.writeInt16BE(ALL_REPLICAS, at);
  at = buffer.writeInt32BE(timeoutMs, at);
  at = buffer.writeInt32BE(measured.size, at);
  for (const [topic, batches] of measured) {
    const nameStart = at + 2;
    const nameBytes = buffer.write(topic, nameStart, 'utf8');
    buffer.writeInt16BE(nameBytes, at);
    at = buffer.writeInt32BE(batches.length, nameStart + nameBytes);
    for (const [partition, batch] of batches) {
      at = buffer.writeInt32BE(partition, at);
      at = buffer.writeInt32BE(batch.bytes, at);
      at =
        'encoded' in batch ? at + batch.encoded.copy(buffer, at) : writeBatch(buffer, at, batch, timestamp);
    }
  }
  return buffer;
}

export function decodeProduce(body: Reader): { answers: PartitionAnswer[]; throttleMs: number } {
  const answers = body
    .array(reader => {
      const topic = reader.string();
      return reader.array(entry => readAnswer(entry, topic));
    })
    .flat();
  return { answers, throttleMs: body.int32() };
}

function readAnswer(body: Reader, topic: string): PartitionAnswer {
  const partition = body.int32();
  const errorCode = body.int16();
  const baseOffset = body.int64();
  body.int64(); // append time
  body.int64(); // log start offset
  const recordMessages = body.array(reader => {
    const index = reader.int32();
    const message = reader.nullableString();
    return `record ${index}: ${message ?? 'refused'}`;
  });
  const message = body.nullableString();
  const messages = message === null ? recordMessages : [message, ...recordMessages];
  return { topic, partition, errorCode, baseOffset, message: messages.join('; ') || null };
}
