import type { Codecs } from '../compression/codecs.js';
import { CODEC_NUMBERS } from '../compression/codec.js';
import type { CompressionName } from '../compression/codec.js';
import { DriverError } from '../driver.js';
import type { OutgoingRecord } from '../driver.js';
import { messageOf } from '../errors.js';
import { BATCH_HEADER_BYTES, compressedBatch, measureBatch, writeBatch } from '../protocol/record-batch.js';

/** Batches of fewer bytes than this are sent as they are: compressing them costs more than it saves. */
export const MIN_COMPRESSED_BYTES = 1_024;

type Groups = ReadonlyMap<string, ReadonlyMap<number, readonly OutgoingRecord[]>>;

interface Wanted {
  topic: string;
  partition: number;
  records: readonly OutgoingRecord[];
  compression: CompressionName;
}

/** What is to be compressed: a partition's batch is if its first record asks for it. */
export function wantingCompression(groups: Groups): Wanted[] {
  const wanted: Wanted[] = [];
  for (const [topic, partitions] of groups) {
    for (const [partition, records] of partitions) {
      const compression = records[0]?.compression;
      if (compression) wanted.push({ topic, partition, records, compression });
    }
  }
  return wanted;
}

export interface CompressedBatches {
  /** By the records that they hold; without those that are better sent as they are. */
  batches: ReadonlyMap<readonly OutgoingRecord[], Buffer>;
  failed: { topic: string; partition: number; error: DriverError }[];
}

/** Whole batches, ready to be sent. `timestamp` is that of all records. Never rejects. */
export async function compressBatches(
  wanted: readonly Wanted[],
  codecs: Pick<Codecs, 'of'>,
  timestamp: number,
): Promise<CompressedBatches> {
  const batches = new Map<readonly OutgoingRecord[], Buffer>();
  const failed: CompressedBatches['failed'] = [];
  await Promise.all(
    wanted.map(async ({ topic, partition, records, compression }) => {
      try {
        const batch = await compressBatch(records, compression, codecs, timestamp);
        if (batch) batches.set(records, batch);
      } catch (cause) {
        failed.push({ topic, partition, error: failureOf(compression, `${topic}[${partition}]`, cause) });
      }
    }),
  );
  return { batches, failed };
}

async function compressBatch(
  records: readonly OutgoingRecord[],
  compression: CompressionName,
  codecs: Pick<Codecs, 'of'>,
  timestamp: number,
): Promise<Buffer | undefined> {
  const codec = await codecs.of(compression); // known to be missing even while batches are small
  const measured = measureBatch(records);
  if (measured.bytes < MIN_COMPRESSED_BYTES) return undefined;
  const plain = Buffer.allocUnsafe(measured.bytes);
  writeBatch(plain, 0, measured, timestamp);
  const packed = await codec.compress(plain.subarray(BATCH_HEADER_BYTES));
  if (packed.length >= plain.length - BATCH_HEADER_BYTES) return undefined;
  return compressedBatch(plain, packed, CODEC_NUMBERS[compression]);
}

function failureOf(compression: CompressionName, where: string, cause: unknown): DriverError {
  if (cause instanceof DriverError) return cause;
  const message = `The records for ${where} could not be compressed by ${compression}: ${messageOf(cause)}`;
  return new DriverError('permanent', message, undefined, { cause });
}
