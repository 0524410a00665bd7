import { fc, test } from '@fast-check/vitest';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { batch, sealed, type BatchOptions } from '../spec/batches.js';
import { PartitionLog } from './partition-log.js';
import { BATCH_HEADER, parseProduced, RecordBatch } from './record-batch.js';

const AMPLE = 1_000_000;

function logOf(...batches: BatchOptions[]): PartitionLog {
  const log = new PartitionLog(AMPLE);
  for (const options of batches) append(log, options);
  return log;
}

function append(log: PartitionLog, options: BatchOptions, appendTime?: number) {
  return log.append(parseProduced(batch(options)), { leaderEpoch: 3, appendTime });
}

const three = { values: ['a', 'b', 'c'] };
const offsets = (batches: Buffer[]) => batches.map(bytes => new RecordBatch(bytes).baseOffset);

describe('PartitionLog', () => {
  it('stamps offset and leader epoch on each batch, leaves the rest as it was, and keeps the checksum true', () => {
    const sent = batch(three);
    const log = logOf(three, three);
    const [stored] = log.read(3, AMPLE, true);
    expect(new RecordBatch(stored ?? sent)).toMatchObject({ baseOffset: 3, leaderEpoch: 3 });
    expect(stored?.subarray(16)).toEqual(sent.subarray(16));
    expect(() => parseProduced(stored ?? sent)).not.toThrow();
    expect(log.endOffset).toBe(6);
  });

  it('reads whole batches up to the size asked for, the first one even where it is larger', () => {
    const log = logOf(three, three, three);
    const size = batch(three).length;
    expect(offsets(log.read(0, 2 * size, true))).toEqual([0, 3]);
    expect(offsets(log.read(4, AMPLE, true))).toEqual([3, 6]);
    expect(offsets(log.read(0, 1, true))).toEqual([0]);
    expect(offsets(log.read(0, 1, false))).toEqual([]);
    expect(log.read(9, AMPLE, true)).toEqual([]);
  });

  test.prop([fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 }), fc.nat(), fc.nat()])(
    'finds the batch that holds any offset, whatever was deleted before it',
    (sizes, deleted, wanted) => {
      const log = logOf(...sizes.map(size => ({ values: Array<string>(size).fill('x') })));
      log.deleteBefore(deleted % log.endOffset);
      const offset = log.startOffset + (wanted % (log.endOffset - log.startOffset));
      const [first] = log.read(offset, 1, true).map(bytes => new RecordBatch(bytes));
      expect(first?.baseOffset).toBeLessThanOrEqual(offset);
      expect((first?.baseOffset ?? 0) + (first?.lastOffsetDelta ?? 0)).toBeGreaterThanOrEqual(offset);
    },
  );

  it('drops its oldest batches when it holds too many bytes, and never its newest', () => {
    const size = batch().length;
    const log = new PartitionLog(3 * size);
    for (let count = 0; count < 5_000; count++) append(log, {});
    expect([log.startOffset, log.endOffset, log.bytes]).toEqual([4_997, 5_000, 3 * size]);

    const tiny = new PartitionLog(1);
    append(tiny, {});
    append(tiny, {});
    expect(offsets(tiny.read(1, AMPLE, true))).toEqual([1]);
  });

  it('goes on after everything in it was deleted', () => {
    const log = logOf(three);
    log.deleteBefore(99);
    expect([log.startOffset, log.endOffset, log.bytes]).toEqual([3, 3, 0]);
    append(log, three);
    expect(offsets(log.read(3, AMPLE, true))).toEqual([3]);
  });

  it('stamps records with its own time where the topic wants that', () => {
    const log = new PartitionLog(AMPLE);
    expect(append(log, three, 777).logAppendTime).toBe(777);
    const [stored] = log.read(0, AMPLE, true).map(bytes => new RecordBatch(bytes));
    expect(stored).toMatchObject({ maxTimestamp: 777, stampedByLog: true });
    expect(() => sealed(Buffer.from(stored?.bytes ?? []))).not.toThrow();
    expect(sealed(Buffer.from(stored?.bytes ?? []))).toEqual(stored?.bytes);
  });

  it("keeps the producer's times where the topic wants that, whatever the producer claims", () => {
    const log = new PartitionLog(AMPLE);
    append(log, { ...three, attributes: 0x08 });
    expect(log.read(0, AMPLE, true)[0]?.subarray(16)).toEqual(batch(three).subarray(16));
  });

  it('answers a batch that comes twice with its first place', () => {
    const log = new PartitionLog(AMPLE);
    const producer = { producerId: 9, epoch: 0 };
    append(log, { ...producer, sequence: 0 });
    append(log, { ...producer, sequence: 1 }, 50);
    expect(append(log, { ...producer, sequence: 1 }, 60)).toEqual({ baseOffset: 1, logAppendTime: 50 });
    expect(log.endOffset).toBe(2);
  });
});

describe('PartitionLog.findByTime', () => {
  it('finds the first record that is no older', () => {
    const log = logOf(
      { ...three, timestamp: 100 },
      { ...three, timestamp: 50 },
      { ...three, timestamp: 200 },
    );
    expect(log.findByTime(0)).toEqual({ offset: 0, timestamp: 100 });
    expect(log.findByTime(101)).toEqual({ offset: 1, timestamp: 101 });
    expect(log.findByTime(103)).toEqual({ offset: 6, timestamp: 200 });
    expect(log.findByTime(203)).toBeUndefined();
  });

  it('looks into gzipped batches, and settles for the first record of those it cannot unpack', () => {
    const plain = batch({ ...three, timestamp: 100 });
    const compressed = (codec: number, records: Buffer) => {
      const bytes = Buffer.concat([plain.subarray(0, BATCH_HEADER), records]);
      bytes.writeInt32BE(bytes.length - 12, 8);
      bytes.writeInt16BE(codec, 21);
      return parseProduced(sealed(bytes));
    };
    const gzip = new PartitionLog(AMPLE);
    gzip.append(compressed(1, gzipSync(plain.subarray(BATCH_HEADER))), { leaderEpoch: 0 });
    expect(gzip.findByTime(102)).toEqual({ offset: 2, timestamp: 102 });

    for (const codec of [1, 2, 3, 4]) {
      const opaque = new PartitionLog(AMPLE);
      opaque.append(compressed(codec, Buffer.from('cannot be unpacked')), { leaderEpoch: 0 });
      expect(opaque.findByTime(102)).toEqual({ offset: 0, timestamp: 102 });
    }
  });
});
