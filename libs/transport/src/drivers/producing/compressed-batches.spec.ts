import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { Codecs } from '../compression/codecs.js';
import type { OutgoingRecord } from '../driver.js';
import { batchHeaders, isCompressed, readBatches } from '../protocol/batch-reader.js';
import { groupByPartition } from '../protocol/produce.js';
import { compressBatches, MIN_COMPRESSED_BYTES, wantingCompression } from './compressed-batches.js';

const codecs = new Codecs();

function record(partition: number, value: Buffer, compression?: 'gzip'): OutgoingRecord {
  return { topic: 'a', partition, key: null, value, headers: { h: 'x' }, compression };
}

function compressed(...records: OutgoingRecord[]) {
  return compressBatches(wantingCompression(groupByPartition(records)), codecs, 1_000);
}

describe('compressed batches', () => {
  it('hold the records that were given, under one timestamp', async () => {
    const values = Array.from({ length: 20 }, (_, index) => Buffer.from(`${index} `.repeat(200)));
    const { batches } = await compressed(...values.map(value => record(0, value, 'gzip')));
    const [bytes = Buffer.alloc(0)] = batches.values();
    const headers = batchHeaders(bytes);
    expect(headers.map(isCompressed)).toEqual([true]);
    expect(bytes.length).toBeLessThan(Buffer.concat(values).length / 5);
    const onUnreadable = vi.fn();
    const source = { topic: 'a', partition: 0, bytes, from: 0, aborted: [] };
    const read = await readBatches(source, headers, { decompress: codecs.decompress, onUnreadable });
    expect(read.map(({ value }) => value)).toEqual(values);
    expect(read[19]).toMatchObject({ offset: 19, timestamp: 1_000, headers: { h: Buffer.from('x') } });
    expect(onUnreadable).not.toHaveBeenCalled();
  });

  it.each([
    ['small', Buffer.alloc(MIN_COMPRESSED_BYTES / 2)],
    ['not smaller for it', randomBytes(MIN_COMPRESSED_BYTES * 2)],
  ])('are none where they are %s', async (_, value) => {
    expect(await compressed(record(0, value, 'gzip'))).toMatchObject({ batches: new Map(), failed: [] });
  });

  it('are made of what asks for it only', async () => {
    const large = Buffer.alloc(10_000);
    const { batches } = await compressed(record(0, large), record(1, large, 'gzip'), record(2, large));
    expect([...batches.keys()].flat().map(({ partition }) => partition)).toEqual([1]);
  });

  it('that cannot be made are told by partition, and keep no other from being made', async () => {
    const broken = { of: vi.fn(codecs.of.bind(codecs)).mockRejectedValueOnce(new Error('out of order')) };
    const large = Buffer.alloc(10_000);
    const wanted = wantingCompression(groupByPartition([record(0, large, 'gzip'), record(1, large, 'gzip')]));
    const { batches, failed } = await compressBatches(wanted, broken, 1_000);
    expect(batches.size).toBe(1);
    expect(failed).toMatchObject([{ topic: 'a', partition: 0, error: { kind: 'permanent' } }]);
    expect(failed[0]?.error.message).toContain('a[0] could not be compressed by gzip: out of order');
  });
});
