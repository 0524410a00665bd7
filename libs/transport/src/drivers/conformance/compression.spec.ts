import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COMPRESSION_NAMES } from '../compression/codec.js';
import type { CompressionName } from '../compression/codec.js';
import type { Driver, ReceivedRecord } from '../driver.js';
import type { PlatformaticClients } from '../platformatic/platformatic-driver.js';
import { createPlatformaticDriver } from '../platformatic/platformatic-driver.js';
import { DRIVERS } from './drivers.js';
import { record, Stage, values } from './stage.js';

const LARGE = 'large '.repeat(1_000);

async function watch(driver: Driver, topic: string): Promise<ReceivedRecord[]> {
  const seen: ReceivedRecord[] = [];
  const onBatch = ({ records }: { records: readonly ReceivedRecord[] }) => void seen.push(...records);
  await driver.tail({ topic, partitions: [0], from: 0, onBatch, onGap() {} });
  return seen;
}

async function produce(driver: Driver, topic: string, compression: CompressionName, ...sent: string[]) {
  const [{ leader } = { leader: -1 }] = await driver.partitions(topic);
  const records = sent.map(value => ({ ...record(topic, 0, value), headers: { h: 'x' }, compression }));
  return driver.produce(leader, records);
}

describe.each(DRIVERS)('%s: compression', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it.each(COMPRESSION_NAMES)('by %s is taken by the broker and read back', async name => {
    const topic = await stage.topic();
    const sent = Array.from({ length: 50 }, (_, index) => `${index} ${LARGE}`);
    expect(await produce(driver, topic, name, ...sent)).toMatchObject([{ baseOffset: 0 }]);
    expect(await produce(driver, topic, name, 'small')).toMatchObject([{ baseOffset: 50 }]);
    const seen = await watch(driver, topic);
    await vi.waitFor(() => expect(values(seen)).toEqual([...sent, 'small']));
    expect(seen.map(({ offset }) => offset)).toEqual([...seen.keys()]);
    expect(seen[49]?.headers.h?.toString()).toBe('x');
    expect(stage.errors).toEqual([]);
  });

  it('that fails, fails the records that ask for it, and says why', async () => {
    const topic = await stage.topic();
    const failing = {
      compress: () => Promise.reject(new Error('out of order')),
      decompress: () => LARGE as never,
    };
    const broken = await stage.driver({ codecs: { lz4: failing } });
    const [{ leader } = { leader: -1 }] = await driver.partitions(topic);
    const outcomes = await broken.produce(leader, [{ ...record(topic, 0, LARGE), compression: 'lz4' }]);
    expect(outcomes).toMatchObject([{ topic, partition: 0, error: { kind: 'permanent' } }]);
    expect(outcomes[0]?.error?.message).toContain('could not be compressed by lz4: out of order');
  });
});

describe('compressed batches', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.any(createPlatformaticDriver);
  });
  afterEach(() => stage.close());

  it.each(['gzip', 'snappy', 'lz4'] as const)('of @platformatic/kafka are read: %s', async compression => {
    const topic = await stage.topic();
    const driver = await stage.driver();
    const { load, options } = driver.unwrap<PlatformaticClients>();
    const { Producer } = await load();
    const producer = new Producer({ ...options, compression });
    try {
      const [key, value] = [Buffer.from('k'), Buffer.from(LARGE)];
      await producer.send({ messages: [{ topic, partition: 0, key, value }], acks: -1 });
    } finally {
      await producer.close();
    }
    const seen = await watch(driver, topic);
    await vi.waitFor(() => expect(values(seen)).toEqual([LARGE]));
  });

  it('are read by kafkajs, and read from it', async () => {
    const topic = await stage.topic();
    const driver = stage.unconnected();
    await produce(driver, topic, 'gzip', LARGE);
    const kafka = new Kafka({
      brokers: [...stage.brokers],
      clientId: 'x',
      logLevel: logLevel.NOTHING,
    });
    const producer = kafka.producer();
    const consumer = kafka.consumer({ groupId: topic });
    const read: string[] = [];
    try {
      await producer.connect();
      await producer.send({ topic, compression: CompressionTypes.GZIP, messages: [{ value: `b ${LARGE}` }] });
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) });
      await vi.waitFor(() => expect(read).toEqual([LARGE, `b ${LARGE}`]), 10_000);
      const seen = await watch(driver, topic);
      await vi.waitFor(() => expect(values(seen)).toEqual(read));
    } finally {
      await Promise.all([producer.disconnect(), consumer.disconnect()]);
    }
  });
});
