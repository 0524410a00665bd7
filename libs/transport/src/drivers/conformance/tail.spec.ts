import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord, TailOptions } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { record, send, Stage, values } from './stage.js';

interface Watched {
  records: ReceivedRecord[];
  gaps: Parameters<TailOptions['onGap']>[0][];
}

async function watch(driver: Driver, options: Pick<TailOptions, 'topic' | 'partitions' | 'from'>) {
  const seen: Watched = { records: [], gaps: [] };
  const tail = await driver.tail({
    ...options,
    onBatch: ({ records }) => seen.records.push(...records),
    onGap: gap => seen.gaps.push(gap),
  });
  return { tail, seen };
}

describe.each(DRIVERS)('%s: tail', (_, make) => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.any(make);
  });
  afterEach(() => stage.close());

  it('from the end gives all that is produced once it has resolved, and nothing before', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic(2);
    await send(driver, record(topic, 0, 'before'), record(topic, 1, 'before'));
    const { tail, seen } = await watch(driver, { topic, partitions: [0, 1], from: 'end' });
    expect(tail.reading).toBe(true);
    await send(driver, record(topic, 0, 'a'), record(topic, 1, 'b'));
    await vi.waitFor(() => expect(seen.records).toHaveLength(2));
    expect(values(seen.records).toSorted()).toEqual(['a', 'b']);
    expect(seen.records.map(({ offset }) => offset)).toEqual([1, 1]);
  });

  it('from an offset gives what is at and after it, even inside a batch', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const [{ leader } = { leader: -1 }] = await driver.partitions(topic);
    await driver.produce(
      leader,
      ['a', 'b', 'c'].map(value => record(topic, 0, value)),
    );
    const { seen } = await watch(driver, { topic, partitions: [0], from: 1 });
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['b', 'c']));
  });

  it('gives batches of epoch 0 with a high watermark past their records', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const onBatch = vi.fn<TailOptions['onBatch']>();
    await driver.tail({ topic, partitions: [0], from: 'end', onBatch, onGap() {} });
    await send(driver, record(topic, 0, 'a'));
    await vi.waitFor(() => expect(onBatch).toHaveBeenCalledOnce());
    expect(onBatch.mock.calls[0]![0]).toMatchObject({ topic, partition: 0, epoch: 0, highWatermark: 1 });
  });

  it('hands on nothing of a partition that is paused, and all of it in order once it is resumed', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic(2);
    const seen: string[] = [];
    // Told again by every fetch that brings nothing new.
    const passed = new Map<number, number>();
    const tail = await driver.tail({
      topic,
      partitions: [0, 1],
      from: 0,
      onBatch: ({ records }) => seen.push(...values(records)),
      onGap() {},
      onPassed: ({ partition, offset }) => passed.set(partition, offset),
    });
    tail.pause(0);
    await send(driver, record(topic, 0, 'a'), record(topic, 0, 'b'), record(topic, 1, 'other'));
    await vi.waitFor(() => expect(passed.get(1)).toBe(1));
    expect(seen).toEqual(['other']);
    expect(passed.get(0) ?? 0).toBe(0);
    tail.resume(0);
    await send(driver, record(topic, 0, 'c'));
    await vi.waitFor(() => expect(passed.get(0)).toBe(3));
    expect(seen).toEqual(['other', 'a', 'b', 'c']);
  });

  it('goes on when a receiver throws, and tells of it', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const seen: string[] = [];
    await driver.tail({
      topic,
      partitions: [0],
      from: 'end',
      onBatch({ records }) {
        seen.push(...values(records).map(String));
        if (seen.length === 1) throw new Error('from the receiver');
      },
      onGap() {},
    });
    await send(driver, record(topic, 0, 'a'));
    await vi.waitFor(() =>
      expect(stage.errors.map(({ error }) => error.message)).toContain('from the receiver'),
    );
    await send(driver, record(topic, 0, 'b'));
    await vi.waitFor(() => expect(seen).toEqual(['a', 'b']));
  });

  it('gives nothing once it is closed', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const { tail, seen } = await watch(driver, { topic, partitions: [0], from: 'end' });
    const second = await watch(driver, { topic, partitions: [0], from: 'end' });
    await tail.close();
    expect(tail.reading).toBe(false);
    await send(driver, record(topic, 0, 'a'));
    await vi.waitFor(() => expect(second.seen.records).toHaveLength(1));
    expect(seen.records).toEqual([]);
  });

  it('tells of a gap and goes on at the end when its position lies past the log', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    await send(driver, record(topic, 0, 'a'));
    const { seen } = await watch(driver, { topic, partitions: [0], from: 50 });
    await vi.waitFor(() => expect(seen.gaps).toEqual([{ topic, partition: 0, expected: 50, resumedAt: 1 }]));
    await send(driver, record(topic, 0, 'b'));
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['b']));
  });

  it('reads what another client compressed, in order with what is not', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const { seen } = await watch(driver, { topic, partitions: [0], from: 'end' });
    const kafka = new Kafka({ clientId: 'other', brokers: [...stage.brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    for (let index = 0; index < 6; index++) {
      const compression = index % 2 === 0 ? CompressionTypes.GZIP : CompressionTypes.None;
      await producer.send({ topic, compression, messages: [{ value: `${index}` }] });
    }
    await producer.disconnect();
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['0', '1', '2', '3', '4', '5']));
  });

  it('rejects for a partition that is not there', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const start = watch(driver, { topic, partitions: [7], from: 'end' });
    await expect(start).rejects.toThrow(`${topic}[7] does not exist`);
  });
});
