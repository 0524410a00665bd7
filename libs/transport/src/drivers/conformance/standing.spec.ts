import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { record, send, Stage } from './stage.js';

describe.each(DRIVERS)('%s: what the cluster holds', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('is told by the names of its topics', async () => {
    const [one, other] = [await stage.topic(), await stage.topic()];
    expect(await driver.topics()).toEqual(expect.arrayContaining([one, other]));
    expect(await driver.topics()).not.toContain(stage.name());
  });

  it('is told by where its logs begin and end', async () => {
    const topic = await stage.topic(2);
    await send(driver, record(topic, 1, 'a'), record(topic, 1, 'b'));
    expect(await driver.extents(topic)).toEqual([
      { partition: 0, start: 0, end: 0 },
      { partition: 1, start: 0, end: 2 },
    ]);
    expect(await driver.extents(stage.name())).toEqual([]);
  });

  it('is told by the first offset of a time, or the log’s end where nothing is so new', async () => {
    const topic = await stage.topic(2);
    await send(driver, record(topic, 0, 'a'), record(topic, 1, 'a'));
    const seen: ReceivedRecord[] = [];
    const tail = { topic, partitions: [1], from: 0, onGap() {} };
    await driver.tail({ ...tail, onBatch: ({ records }) => void seen.push(...records) });
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    const { timestamp } = seen[0]!;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(timestamp + 1), { interval: 1 });
    await send(driver, record(topic, 1, 'b'));
    expect(await driver.offsetsAt(topic, timestamp + 1)).toEqual([
      { partition: 0, offset: 1 },
      { partition: 1, offset: 1 },
    ]);
    expect(await driver.offsetsAt(topic, timestamp)).toContainEqual({ partition: 1, offset: 0 });
    expect(await driver.offsetsAt(topic, Date.now() + 60_000)).toEqual([
      { partition: 0, offset: 1 },
      { partition: 1, offset: 2 },
    ]);
    expect(await driver.offsetsAt(stage.name(), 0)).toEqual([]);
  });

  it('is told by what a group has committed, metadata included', async () => {
    const topic = await stage.topic(2);
    const partitions = [0, 1].map(partition => ({ topic, partition }));
    const group = stage.name();
    const member = await join(driver, { group, topics: [topic] });
    await vi.waitFor(() => expect(member.held.size).toBe(2), REBALANCED);
    const { epoch } = member.held.get(1)!;
    await member.subscription.commit([{ topic, partition: 1, epoch, offset: 7, metadata: 'so far' }]);
    const asking = await stage.driver();
    expect(await asking.committed(group, partitions)).toEqual([
      { topic, partition: 1, offset: 7, metadata: 'so far' },
    ]);
    expect(await asking.committed(stage.name(), partitions)).toEqual([]);
  });
});
