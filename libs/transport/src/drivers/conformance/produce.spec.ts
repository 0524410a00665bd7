import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, OutgoingRecord, ProduceOutcome, ReceivedRecord } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { record, Stage } from './stage.js';

const ONE_KIB = 'x'.repeat(1024);

describe.each(DRIVERS)('%s: produce', (_, make) => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.any(make);
  });
  afterEach(() => stage.close());

  it('acknowledges each partition with the offset of its first record', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic(2);
    const records = [record(topic, 1, 'a'), record(topic, 0, 'b'), record(topic, 1, 'c')];
    expect(sorted(await produceAll(driver, records))).toEqual([
      { topic, partition: 0, baseOffset: 0 },
      { topic, partition: 1, baseOffset: 0 },
    ]);
    expect(sorted(await produceAll(driver, records))).toEqual([
      { topic, partition: 0, baseOffset: 1 },
      { topic, partition: 1, baseOffset: 2 },
    ]);
  });

  it('carries keys, values and headers byte for byte, in order', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const bytes = Buffer.from([0, 255, 128, 10]);
    const sent: OutgoingRecord[] = [
      { topic, partition: 0, key: Buffer.from('k'), value: bytes, headers: { text: 'grüße', bytes } },
      { topic, partition: 0, key: null, value: null, headers: { empty: Buffer.alloc(0) } },
      { topic, partition: 0, key: Buffer.alloc(0), value: Buffer.alloc(100_000, 7), headers: {} },
    ];
    const [{ leader } = { leader: -1 }] = await driver.partitions(topic);
    const before = Date.now();
    await driver.produce(leader, sent);
    const seen: ReceivedRecord[] = [];
    await driver.tail({
      topic,
      partitions: [0],
      from: 0,
      onBatch: ({ records }) => seen.push(...records),
      onGap() {},
    });
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    expect(seen.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(seen[0]).toMatchObject({ key: Buffer.from('k'), value: bytes });
    expect(seen[0]?.headers).toEqual({ text: Buffer.from('grüße'), bytes });
    expect(seen[1]).toMatchObject({ key: null, value: null, headers: { empty: Buffer.alloc(0) } });
    expect(seen[2]).toMatchObject({ key: Buffer.alloc(0), value: Buffer.alloc(100_000, 7), headers: {} });
    expect(seen[0]!.timestamp).toBeGreaterThanOrEqual(before - 1_000);
  });

  it('tells of a partition that does not exist as permanent, and takes its neighbours', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic(2);
    const [{ leader } = { leader: -1 }] = await driver.partitions(topic);
    const outcomes = sorted(await driver.produce(leader, [record(topic, 0, 'a'), record(topic, 99, 'b')]));
    expect(outcomes).toMatchObject([
      { partition: 0, baseOffset: 0 },
      { partition: 99, baseOffset: -1, error: { kind: 'permanent' } },
    ]);
    expect(outcomes[0]?.error).toBeUndefined();
  });

  it('tells of a batch over the limit as too large, and takes its neighbours', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic(2, { 'max.message.bytes': '4096' });
    const large = Array.from({ length: 8 }, () => record(topic, 1, ONE_KIB));
    const outcomes = sorted(await produceAll(driver, [record(topic, 0, 'a'), ...large]));
    expect(outcomes).toMatchObject([
      { partition: 0, baseOffset: 0 },
      { partition: 1, baseOffset: -1, error: { kind: 'too-large' } },
    ]);
  });

  it('tells of a broker that is not in the cluster as stale', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const outcomes = await driver.produce(4711, [record(topic, 0, 'a')]);
    expect(outcomes).toMatchObject([{ topic, partition: 0, baseOffset: -1, error: { kind: 'stale' } }]);
  });

  it('takes 20,000 records to one partition without slowing down by their number', async () => {
    const driver = await stage.driver();
    const topic = await stage.topic();
    const [{ leader } = { leader: -1 }] = await driver.partitions(topic);
    const records = Array.from({ length: 20_000 }, (_, index) => record(topic, 0, `${index}`));
    const started = performance.now();
    expect(await driver.produce(leader, records)).toEqual([{ topic, partition: 0, baseOffset: 0 }]);
    expect(performance.now() - started).toBeLessThan(1_500); // kafkajs's own producer: 2,900 ms
  });
});

/** One request to each leader among the records' partitions, which on a real cluster are several. */
async function produceAll(driver: Driver, records: readonly OutgoingRecord[]): Promise<ProduceOutcome[]> {
  const leaders = await driver.partitions(records[0]?.topic ?? '');
  const outcomes = [...new Set(leaders.map(({ leader }) => leader))].map(leader => {
    const led = new Set(leaders.filter(entry => entry.leader === leader).map(({ partition }) => partition));
    return driver.produce(
      leader,
      records.filter(({ partition }) => led.has(partition)),
    );
  });
  return (await Promise.all(outcomes)).flat();
}

function sorted<T extends { partition: number }>(outcomes: readonly T[]): T[] {
  return outcomes.toSorted((a, b) => a.partition - b.partition);
}
