import { createRequire } from 'node:module';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import type { ReceivedRecord } from '../driver.js';
import { batchHeaders, readBatches } from './batch-reader.js';
import { crc32c } from './crc32c.js';
import { measureBatch, writeBatch } from './record-batch.js';

interface KafkajsRecord {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer | Buffer[]>;
}

/** kafkajs's own codec: two implementations that agree with each other are right more often than one. */
const load = createRequire(import.meta.url);
const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const kafkajsDecode = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<{ records: KafkajsRecord[] }>;
const kafkajsRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>;
};

const NOW = 1_795_000_000_123;
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map(value => Buffer.from(value));
const headerName = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter(name => !(name in {})); // kafkajs trips over `toString`
const anyRecord = fc.record({
  key: fc.option(bytes(20)),
  value: fc.option(bytes(300)),
  headers: fc.dictionary(headerName, fc.oneof(bytes(100), fc.string({ maxLength: 100 })), {
    maxKeys: 5,
    noNullPrototype: true,
  }),
});
type AnyRecord = { key: Buffer | null; value: Buffer | null; headers: Record<string, Buffer | string> };

function encode(records: readonly AnyRecord[]): Buffer {
  const batch = measureBatch(records);
  const target = Buffer.allocUnsafe(batch.bytes);
  expect(writeBatch(target, 0, batch, NOW)).toBe(batch.bytes);
  return target;
}

const READING = { decompress: vi.fn(), onUnreadable: vi.fn() };

function decode(encoded: Buffer, reading = READING, from = 0): ReceivedRecord[] {
  const source = { topic: 't', partition: 3, bytes: encoded, from, aborted: [] };
  const records = readBatches(source, batchHeaders(encoded), reading);
  if (records instanceof Promise) throw new Error('nothing was compressed');
  return records;
}

function asBuffers(headers: Record<string, Buffer | string>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]));
}

describe('a record batch', () => {
  test.prop([fc.array(anyRecord, { minLength: 1, maxLength: 70 })])(
    'is read back as it was written',
    records => {
      const received = decode(encode(records));
      expect(received).toHaveLength(records.length);
      records.forEach((record, index) => {
        expect(received[index]).toEqual({
          topic: 't',
          partition: 3,
          offset: index,
          timestamp: NOW,
          key: record.key,
          value: record.value,
          headers: asBuffers(record.headers),
        });
      });
    },
  );

  test.prop([fc.array(anyRecord, { minLength: 1, maxLength: 70 })])(
    'is read by kafkajs as it was written',
    async records => {
      const decoded = await kafkajsDecode(new Decoder(encode(records)));
      expect(decoded.records.map(({ offset }) => Number(offset))).toEqual(records.map((_, index) => index));
      decoded.records.forEach(({ key, value, headers, timestamp }, index) => {
        expect({ key, value, timestamp }).toEqual({
          key: records[index]!.key,
          value: records[index]!.value,
          timestamp: String(NOW),
        });
        expect(headers).toEqual(asBuffers(records[index]!.headers));
      });
    },
  );

  test.prop([fc.array(anyRecord, { minLength: 1, maxLength: 70 })])(
    'is read as kafkajs wrote it',
    async records => {
      const { buffer } = await RecordBatch({
        records: records.map((record, offsetDelta) =>
          kafkajsRecord({ ...record, offsetDelta, timestampDelta: offsetDelta * 1_000 }),
        ),
        firstTimestamp: NOW,
        maxTimestamp: NOW + records.length * 1_000,
        lastOffsetDelta: records.length - 1,
      });
      const received = decode(buffer);
      expect(received.map(({ timestamp }) => timestamp)).toEqual(
        records.map((_, index) => NOW + index * 1_000),
      );
      expect(received.map(({ headers }) => headers)).toEqual(
        records.map(({ headers }) => asBuffers(headers)),
      );
      expect(received.map(({ value }) => value)).toEqual(records.map(({ value }) => value));
    },
  );

  test.prop([
    fc.array(anyRecord, { minLength: 1, maxLength: 10 }),
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
  ])(
    'that was damaged anywhere is skipped and told of, and harms nothing else',
    (records, at, difference) => {
      const damaged = encode(records);
      const index = 21 + (at % (damaged.length - 21));
      damaged[index] = damaged[index]! ^ difference;
      const onUnreadable = vi.fn();
      const intact = encode([{ key: null, value: Buffer.from('intact'), headers: {} }]);
      const received = decode(Buffer.concat([damaged, intact]), { ...READING, onUnreadable });
      expect(received.map(({ value }) => value?.toString())).toEqual(['intact']);
      expect(onUnreadable).toHaveBeenCalledOnce();
    },
  );

  test.prop([
    fc.array(anyRecord, { minLength: 1, maxLength: 10 }),
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
  ])('whose bytes make no sense is skipped though its checksum is right', (records, at, difference) => {
    const damaged = encode(records);
    const index = 61 + (at % (damaged.length - 61));
    damaged[index] = damaged[index]! ^ difference;
    damaged.writeUInt32BE(crc32c(damaged, 21), 17);
    expect(() => decode(damaged)).not.toThrow();
  });

  test.prop([fc.uint8Array({ maxLength: 400 })])('that is no batch at all raises nothing', noise => {
    expect(() => decode(Buffer.from(noise))).not.toThrow();
  });

  it('that was cut off at the end is left for the next fetch', () => {
    const whole = encode([{ key: null, value: Buffer.from('a'), headers: {} }]);
    const cut = Buffer.concat([whole, whole.subarray(0, whole.length - 1)]);
    expect(batchHeaders(cut)).toHaveLength(1);
    expect(decode(cut)).toHaveLength(1);
  });

  it('keeps a header named __proto__ as a header', () => {
    const named = Object.defineProperty({}, '__proto__', { value: Buffer.from('x'), enumerable: true });
    const [own] = decode(encode([{ key: null, value: null, headers: named }]));
    expect(Object.getOwnPropertyDescriptor(own!.headers, '__proto__')?.value).toEqual(Buffer.from('x'));
    expect(Object.getPrototypeOf(own!.headers)).toBe(Object.prototype);
  });

  it('gives only what lies at or after the position', () => {
    const encoded = encode(
      ['a', 'b', 'c'].map(value => ({ key: null, value: Buffer.from(value), headers: {} })),
    );
    encoded.writeBigInt64BE(100n, 0); // as the broker sets it; no part of the checksum
    expect(decode(encoded, READING, 102).map(({ offset }) => offset)).toEqual([102]);
  });
});
