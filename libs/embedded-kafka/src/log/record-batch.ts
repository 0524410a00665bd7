import { crc32c } from '@node-rs/crc32';
import { ErrorCode, KafkaError } from '../protocol/errors.js';

const LAST_OFFSET_DELTA_AT = 23;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAX_TIMESTAMP_AT = 35;

/** Bytes before the first record. */
export const BATCH_HEADER = 61;

/** A record without key, value and headers: seven fields of a byte each. */
const LEAST_RECORD = 7;

const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

function int64At(bytes: Buffer, at: number): number {
  return Number(bytes.readBigInt64BE(at));
}

/** A record batch of format 2, seen through its header; the records stay the bytes that the client sent. */
export class RecordBatch {
  constructor(readonly bytes: Buffer) {}

  get baseOffset(): number {
    return int64At(this.bytes, 0);
  }
  get leaderEpoch(): number {
    return this.bytes.readInt32BE(12);
  }
  get attributes(): number {
    return this.bytes.readInt16BE(ATTRIBUTES_AT);
  }
  /** 0 for none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get compression(): number {
    return this.attributes & 0x07;
  }
  get stampedByLog(): boolean {
    return (this.attributes & LOG_APPEND_TIME) !== 0;
  }
  get lastOffsetDelta(): number {
    return this.bytes.readInt32BE(LAST_OFFSET_DELTA_AT);
  }
  get baseTimestamp(): number {
    return int64At(this.bytes, 27);
  }
  get maxTimestamp(): number {
    return int64At(this.bytes, MAX_TIMESTAMP_AT);
  }
  get producerId(): number {
    return int64At(this.bytes, 43);
  }
  get producerEpoch(): number {
    return this.bytes.readInt16BE(51);
  }
  get baseSequence(): number {
    return this.bytes.readInt32BE(53);
  }
  get recordCount(): number {
    return this.bytes.readInt32BE(57);
  }

  /** A copy at its place in a log. Neither field is covered by the checksum. */
  placedAt(baseOffset: number, leaderEpoch: number): RecordBatch {
    const bytes = Buffer.from(this.bytes);
    bytes.writeBigInt64BE(BigInt(baseOffset), 0);
    bytes.writeInt32BE(leaderEpoch, 12);
    return new RecordBatch(bytes);
  }

  /** Gives every record the log's time, as message.timestamp.type=LogAppendTime asks, and mends the checksum. */
  stamp(timestamp: number): void {
    this.bytes.writeBigInt64BE(BigInt(timestamp), MAX_TIMESTAMP_AT);
    this.changeAttributes(this.attributes | LOG_APPEND_TIME);
  }

  /** Leaves every record its producer's time, whatever the producer claims, and mends the checksum. */
  unstamp(): void {
    if (this.stampedByLog) this.changeAttributes(this.attributes & ~LOG_APPEND_TIME);
  }

  private changeAttributes(attributes: number): void {
    this.bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
    this.bytes.writeUInt32BE(crc32c(this.bytes.subarray(ATTRIBUTES_AT)), CRC_AT);
  }
}

/**
 * Checks what a produce request holds for one partition: exactly one whole batch of format 2 with a true
 * checksum, and nothing that only a broker may write.
 * @throws KafkaError CORRUPT_MESSAGE, INVALID_RECORD or INVALID_TXN_STATE
 */
export function parseProduced(bytes: Buffer): RecordBatch {
  if (bytes.length < BATCH_HEADER)
    throw new KafkaError(ErrorCode.INVALID_RECORD, `a record batch has only ${bytes.length} bytes`);
  const magic = bytes[16];
  if (magic !== 2)
    throw new KafkaError(
      magic === 0 || magic === 1 ? ErrorCode.INVALID_RECORD : ErrorCode.CORRUPT_MESSAGE,
      `record batches of format ${magic} are not taken, only of format 2`,
    );
  const length = bytes.readInt32BE(8) + 12;
  if (length > bytes.length || length < BATCH_HEADER)
    throw new KafkaError(
      ErrorCode.INVALID_RECORD,
      `a record batch of ${bytes.length} bytes claims ${length}`,
    );
  if (length < bytes.length)
    throw new KafkaError(ErrorCode.INVALID_RECORD, 'a partition may be sent only one record batch a request');
  if (crc32c(bytes.subarray(ATTRIBUTES_AT)) !== bytes.readUInt32BE(CRC_AT))
    throw new KafkaError(ErrorCode.CORRUPT_MESSAGE, 'a record batch does not match its checksum (CRC-32C)');

  const batch = new RecordBatch(bytes);
  if (batch.recordCount <= 0 || batch.lastOffsetDelta !== batch.recordCount - 1)
    throw new KafkaError(
      ErrorCode.INVALID_RECORD,
      `a batch of ${batch.recordCount} records has ${batch.lastOffsetDelta} as its last offset delta`,
    );
  if (batch.compression === 0 && batch.recordCount * LEAST_RECORD > bytes.length - BATCH_HEADER)
    throw new KafkaError(
      ErrorCode.INVALID_RECORD,
      `a batch of ${bytes.length} bytes claims ${batch.recordCount} records`,
    );
  if (batch.attributes & CONTROL)
    throw new KafkaError(ErrorCode.INVALID_RECORD, 'clients may not write control batches');
  if (batch.attributes & TRANSACTIONAL)
    throw new KafkaError(ErrorCode.INVALID_TXN_STATE, 'the embedded broker has no transactions');
  if (batch.producerId >= 0 && (batch.producerEpoch < 0 || batch.baseSequence < 0))
    throw new KafkaError(
      ErrorCode.INVALID_RECORD,
      `an idempotent batch has epoch ${batch.producerEpoch} and sequence ${batch.baseSequence}`,
    );
  return batch;
}
