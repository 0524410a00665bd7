import { ApiKey, fault } from '@parley/embedded-kafka';
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

  it('rejects for a partition that is not there', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const start = watch(driver, { topic, partitions: [7], from: 'end' });
    await expect(start).rejects.toThrow(`${topic}[7] does not exist`);
  });
});

describe.each(DRIVERS)('%s: tail, with faults', (_, make) => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.embedded(make, { brokers: 2, topics: ['a'], maxPartitionBytes: 4_096 });
  });
  afterEach(() => stage.close());

  it('loses and doubles nothing while the leader moves to and fro', async () => {
    const driver = await stage.driver();
    const { tail, seen } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    for (let index = 0; index < 30; index++) {
      if (index % 5 === 4) stage.kafka.moveLeader('a', 0, 3 - stage.kafka.leaderOf('a', 0));
      await send(driver, record('a', 0, `${index}`));
    }
    await vi.waitFor(() => expect(seen.records).toHaveLength(30), 5_000);
    expect(values(seen.records)).toEqual(Array.from({ length: 30 }, (_, index) => `${index}`));
    expect(seen.gaps).toEqual([]);
    await vi.waitFor(() => expect(tail.reading).toBe(true));
  });

  it('goes on from where it was when its broker stops and comes back', async () => {
    const driver = await stage.driver();
    const { tail, seen } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    await send(driver, record('a', 0, 'a'));
    await vi.waitFor(() => expect(seen.records).toHaveLength(1));
    await Promise.all([stage.kafka.stopBroker(1), stage.kafka.stopBroker(2)]);
    await vi.waitFor(() => expect(tail.reading).toBe(false));
    await Promise.all([stage.kafka.startBroker(1), stage.kafka.startBroker(2)]);
    await send(driver, record('a', 0, 'b'));
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['a', 'b']), 5_000);
    await vi.waitFor(() => expect(tail.reading).toBe(true));
  });

  it('tells of the records that retention took, and goes on at the start of the log', async () => {
    const driver = await stage.driver();
    for (let index = 0; index < 20; index++) await send(driver, record('a', 0, 'x'.repeat(1_000)));
    const { seen } = await watch(driver, { topic: 'a', partitions: [0], from: 0 });
    await vi.waitFor(() => expect(seen.gaps).toHaveLength(1));
    const [gap] = seen.gaps;
    expect(gap).toMatchObject({ topic: 'a', partition: 0, expected: 0 });
    expect(gap!.resumedAt).toBeGreaterThan(0);
    await vi.waitFor(() => expect(seen.records.at(-1)?.offset).toBe(19));
    expect(seen.records[0]?.offset).toBe(gap!.resumedAt);
  });

  it('has sent its next fetch before records are handed on', async () => {
    const driver = await stage.driver();
    let fetches = 0;
    stage.kafka.intercept(ApiKey.Fetch, () => void fetches++);
    const atBatch: Promise<number>[] = [];
    await driver.tail({
      topic: 'a',
      partitions: [0],
      from: 'end',
      onBatch: () => atBatch.push(vi.waitFor(() => (expect(fetches).toBe(2), fetches), 100)),
      onGap() {},
    });
    await vi.waitFor(() => expect(fetches).toBe(1));
    await send(driver, record('a', 0, 'a'));
    await vi.waitFor(() => expect(atBatch).toHaveLength(1));
    expect(await atBatch[0]).toBe(2); // well before the 500 ms that a fetch may wait
  });

  it('tells of a fetch that is not answered, and reads on over another connection', async () => {
    const driver = await stage.driver({ requestTimeoutMs: 200 });
    const stalled = vi.fn();
    driver.on('stalled', stalled);
    const { tail, seen } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    const stop = stage.kafka.intercept(ApiKey.Fetch, () => fault.drop);
    await vi.waitFor(() => expect(stalled).toHaveBeenCalled(), 3_000);
    expect(stalled.mock.calls[0]![0]).toMatchObject({ where: 'tail of a' });
    stop();
    await send(driver, record('a', 0, 'a'));
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['a']), 3_000);
    await vi.waitFor(() => expect(tail.reading).toBe(true));
  });

  it('reads what another client compressed, in order with what is not', async () => {
    const driver = await stage.driver();
    const { seen } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    const kafka = new Kafka({ clientId: 'other', brokers: stage.kafka.brokers, logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    for (let index = 0; index < 6; index++) {
      const compression = index % 2 === 0 ? CompressionTypes.GZIP : CompressionTypes.None;
      await producer.send({ topic: 'a', compression, messages: [{ value: `${index}` }] });
    }
    await producer.disconnect();
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['0', '1', '2', '3', '4', '5']));
  });

  it('does not spin while a leader refuses every fetch', async () => {
    const driver = await stage.driver();
    let fetches = 0;
    const { tail } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    stage.kafka.intercept(ApiKey.Fetch, () => {
      fetches++;
      return fault.error(6);
    });
    await vi.waitFor(() => expect(fetches).toBeGreaterThanOrEqual(4), 5_000);
    expect(tail.reading).toBe(false);
    const before = fetches;
    const from = performance.now();
    await vi.waitFor(() => expect(fetches).toBeGreaterThan(before), 3_000);
    expect(performance.now() - from).toBeGreaterThan(50);
  });
});
