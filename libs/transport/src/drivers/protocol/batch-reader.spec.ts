import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { ReceivedRecord } from '../driver.js';
import { Codecs } from '../compression/codecs.js';
import { batchHeaders, readBatches } from './batch-reader.js';
import type { AbortedTransaction } from './batch-reader.js';
import { crc32c } from './crc32c.js';
import { measureBatch, writeBatch } from './record-batch.js';

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;

const { decompress } = new Codecs();

interface BatchSpec {
  offset: number;
  value?: string;
  attributes?: number;
  producerId?: number;
  codec?: number;
}

function batch({ offset, value = 'x', attributes = 0, producerId = -1, codec = 0 }: BatchSpec): Buffer {
  const measured = measureBatch([{ key: null, value: Buffer.from(value), headers: {} }]);
  let bytes = Buffer.alloc(measured.bytes);
  writeBatch(bytes, 0, measured, 1_000);
  if (codec > 0) {
    bytes = Buffer.concat([
      bytes.subarray(0, 61),
      codec === 1 ? gzipSync(bytes.subarray(61)) : bytes.subarray(61),
    ]);
    bytes.writeInt32BE(bytes.length - 12, 8);
  }
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt16BE(attributes | codec, 21);
  bytes.writeBigInt64BE(5_000n, 35);
  bytes.writeBigInt64BE(BigInt(producerId), 43);
  bytes.writeUInt32BE(crc32c(bytes, 21), 17);
  return bytes;
}

async function read(batches: readonly BatchSpec[], aborted: AbortedTransaction[] = []) {
  const onUnreadable = vi.fn<(error: Error) => void>();
  const bytes = Buffer.concat(batches.map(batch));
  const source = { topic: 't', partition: 0, bytes, from: 0, aborted };
  const records: readonly ReceivedRecord[] = await readBatches(source, batchHeaders(bytes), {
    decompress,
    onUnreadable,
  });
  return { offsets: records.map(({ offset }) => offset), records, onUnreadable };
}

describe('reading batches', () => {
  it('leaves control records out, whose offsets count all the same', async () => {
    const { offsets } = await read([{ offset: 0 }, { offset: 1, attributes: CONTROL }, { offset: 2 }]);
    expect(offsets).toEqual([0, 2]);
  });

  it('leaves aborted transactions out, up to their marker, and only their own', async () => {
    const { offsets } = await read(
      [
        { offset: 0, attributes: TRANSACTIONAL, producerId: 7 },
        { offset: 1, attributes: TRANSACTIONAL, producerId: 8 },
        { offset: 2 },
        { offset: 3, attributes: TRANSACTIONAL, producerId: 7 },
        { offset: 4, attributes: TRANSACTIONAL | CONTROL, producerId: 7 },
        { offset: 5, attributes: TRANSACTIONAL, producerId: 7 },
      ],
      [{ producerId: 7, firstOffset: 0 }],
    );
    expect(offsets).toEqual([1, 2, 5]);
  });

  it('takes the append time where the topic stamps it', async () => {
    const { records } = await read([{ offset: 0 }, { offset: 1, attributes: LOG_APPEND_TIME }]);
    expect(records.map(({ timestamp }) => timestamp)).toEqual([1_000, 5_000]);
  });

  it('reads compressed batches among plain ones, in order', async () => {
    const { records } = await read([
      { offset: 0, value: 'a' },
      { offset: 1, value: 'b', codec: 1 },
      { offset: 2, value: 'c' },
    ]);
    expect(records.map(({ value }) => value?.toString())).toEqual(['a', 'b', 'c']);
  });

  it('skips a batch whose codec is not there, and tells which offsets that were', async () => {
    const { offsets, onUnreadable } = await read([{ offset: 0 }, { offset: 1, codec: 5 }, { offset: 2 }]);
    expect(offsets).toEqual([0, 2]);
    expect(onUnreadable).toHaveBeenCalledOnce();
    expect(onUnreadable.mock.calls[0]![0].message).toMatch(
      /^Offsets 1 to 1 of t\[0\] cannot be read.*number 5/,
    );
  });

  it('skips message sets of before Kafka 0.11', () => {
    const old = batch({ offset: 4 });
    old[16] = 1;
    const onUnreadable = vi.fn();
    const source = { topic: 't', partition: 0, bytes: old, from: 0, aborted: [] };
    expect(readBatches(source, batchHeaders(old), { decompress, onUnreadable })).toEqual([]);
    expect(onUnreadable).toHaveBeenCalledOnce();
  });
});
