import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { record, send, Stage, values } from './stage.js';

describe.each(DRIVERS)('%s: subscribe', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('gives the records of all partitions, under the epoch they were assigned with', async () => {
    const topic = await stage.topic(2);
    await send(driver, record(topic, 0, 'a'), record(topic, 1, 'b'));
    const member = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(values(member.records).toSorted()).toEqual(['a', 'b']), REBALANCED);
    await send(driver, record(topic, 0, 'c'));
    await vi.waitFor(() => expect(member.records).toHaveLength(3));
  });

  it('goes on after the committed offset when another member takes over', async () => {
    const topic = await stage.topic();
    await send(driver, record(topic, 0, 'a'), record(topic, 0, 'b'), record(topic, 0, 'c'));
    const first = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(first.records).toHaveLength(3), REBALANCED);
    await first.subscription.commit([{ ...first.held.get(0)!, offset: 2, metadata: 'more' }]);
    await first.subscription.close();
    const second = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(values(second.records)).toEqual(['c']), REBALANCED);
  });

  it('from the latest gives what is produced once it has joined, to whoever takes over too', async () => {
    const topic = await stage.topic(2);
    await send(driver, record(topic, 0, 'before'));
    const options = { group: topic, topics: [topic], from: 'latest' } as const;
    const first = await join(driver, options);
    await send(driver, record(topic, 0, 'a'), record(topic, 1, 'b'));
    await vi.waitFor(() => expect(values(first.records).toSorted()).toEqual(['a', 'b']), REBALANCED);
    await first.subscription.close(); // without a commit
    const second = await join(driver, options);
    await vi.waitFor(() => expect(values(second.records).toSorted()).toEqual(['a', 'b']), REBALANCED);
    const third = await join(driver, options); // while the group has members
    await vi.waitFor(() => expect([second.held.size, third.held.size]).toEqual([1, 1]), REBALANCED);
  });

  it('shares the partitions among two members, and gives none twice', async () => {
    const topic = await stage.topic(4);
    const options = { group: topic, topics: [topic] };
    const first = await join(driver, options);
    await vi.waitFor(() => expect(first.held.size).toBe(4), REBALANCED);
    const second = await join(await stage.driver(), options);
    await vi.waitFor(() => expect([first.held.size, second.held.size]).toEqual([2, 2]), REBALANCED);
    for (let index = 0; index < 12; index++) await send(driver, record(topic, index % 4, `${index}`));
    await vi.waitFor(() => expect(first.records.length + second.records.length).toBe(12));
    expect(new Set(values([...first.records, ...second.records])).size).toBe(12);
    expect(first.records.every(({ partition }) => first.held.has(partition))).toBe(true);
    expect(second.records.every(({ partition }) => second.held.has(partition))).toBe(true);
  });

  it('gives what was taken not again after a rejoin, though nothing was committed', async () => {
    const topic = await stage.topic(2);
    const options = { group: topic, topics: [topic] };
    const first = await join(driver, options);
    await vi.waitFor(() => expect(first.held.size).toBe(2), REBALANCED);
    await send(driver, record(topic, 0, 'a'), record(topic, 1, 'b'));
    await vi.waitFor(() => expect(first.records).toHaveLength(2));
    const second = await join(await stage.driver(), options);
    await vi.waitFor(() => expect(first.held.size).toBe(1), REBALANCED);
    const [kept] = first.held.values();
    await send(driver, record(topic, kept!.partition, 'c'));
    await vi.waitFor(() => expect(values(first.records)).toContain('c'));
    expect(first.records).toHaveLength(3);
    expect(kept!.epoch).toBeLessThanOrEqual(2); // kept under the epoch of the first join
    expect(values(second.records)).not.toContain('c');
  });

  it('drops the commit of a partition that is no longer held', async () => {
    const topic = await stage.topic(2);
    const options = { group: topic, topics: [topic] };
    const first = await join(driver, options);
    await vi.waitFor(() => expect(first.held.size).toBe(2), REBALANCED);
    for (const partition of [0, 1])
      await send(driver, record(topic, partition, 'a'), record(topic, partition, 'b'));
    await vi.waitFor(() => expect(first.records).toHaveLength(4));
    const second = await join(await stage.driver(), options);
    await vi.waitFor(() => expect([first.held.size, second.held.size]).toEqual([1, 1]), REBALANCED);
    const [lost] = first.revoked;
    await second.subscription.commit([{ ...second.held.get(lost!.partition)!, offset: 2 }]);
    await first.subscription.commit([{ ...lost!, offset: 1 }]);
    await first.subscription.commit([{ ...first.held.values().next().value!, offset: 2 }]);
    await Promise.all([first.subscription.close(), second.subscription.close()]);
    const third = await join(driver, options);
    await vi.waitFor(() => expect(third.held.size).toBe(2), REBALANCED);
    await send(driver, record(topic, 0, 'c'), record(topic, 1, 'c'));
    await vi.waitFor(() => expect(values(third.records).filter(value => value === 'c')).toHaveLength(2));
    expect(values(third.records)).not.toContain('b');
  });

  it('gives nothing of a paused partition until it is resumed', async () => {
    const topic = await stage.topic(2);
    const member = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(member.held.size).toBe(2), REBALANCED);
    member.subscription.pause([{ topic, partition: 0 }]);
    await send(driver, record(topic, 0, 'a'), record(topic, 1, 'b'), record(topic, 1, 'c'));
    await vi.waitFor(() => expect(values(member.records)).toContain('c'));
    await vi.waitFor(() => expect(values(member.records)).not.toContain('a'));
    member.subscription.resume([{ topic, partition: 0 }]);
    await vi.waitFor(() => expect(values(member.records)).toContain('a'));
  });

  it('gives nothing once close was called', async () => {
    const topic = await stage.topic();
    const options = { group: topic, topics: [topic] };
    const first = await join(driver, options);
    await vi.waitFor(() => expect(first.held.size).toBe(1), REBALANCED);
    const closing = first.subscription.close();
    await send(driver, record(topic, 0, 'a'));
    await closing;
    const second = await join(driver, options);
    await vi.waitFor(() => expect(second.records).toHaveLength(1), REBALANCED);
    expect(first.records).toEqual([]);
  });

  it('goes on when a receiver throws, and tells of it', async () => {
    const topic = await stage.topic();
    const seen: unknown[] = [];
    await join(driver, {
      group: topic,
      topics: [topic],
      onBatch: ({ records }) => {
        seen.push(...values(records));
        if (seen.length === 1) throw new Error('from the receiver');
      },
    });
    await send(driver, record(topic, 0, 'a'));
    await vi.waitFor(() => expect(seen).toEqual(['a']), REBALANCED);
    expect(stage.errors.map(({ error }) => error.message)).toContain('from the receiver');
    await send(driver, record(topic, 0, 'b'));
    await vi.waitFor(() => expect(seen).toEqual(['a', 'b']));
  });

  it('lets members of one group read different topics, whoever leads it', async () => {
    const [topic, added] = [await stage.topic(2), await stage.topic(2)];
    const older = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(older.held.size).toBe(2), REBALANCED);
    const newer = await join(await stage.driver(), { group: topic, topics: [topic, added] });
    await send(driver, record(added, 0, 'a'), record(added, 1, 'b'));
    await vi.waitFor(() => expect(values(newer.records).toSorted()).toEqual(['a', 'b']), REBALANCED);
  });
});
