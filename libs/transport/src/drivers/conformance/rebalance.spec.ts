import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { record, send, Stage, values } from './stage.js';

describe.each(DRIVERS)('%s: rebalance', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  beforeEach(async () => {
    stage = await Stage.any(make);
    driver = await stage.driver();
  });
  afterEach(() => stage.close());

  it('gives a partition to the next member only after the last commit of the one before', async () => {
    const topic = await stage.topic(2);
    for (const partition of [0, 1])
      await send(driver, ...['a', 'b', 'c'].map(value => record(topic, partition, value)));
    const options = { group: topic, topics: [topic] };
    const order: string[] = [];
    const first = await join(driver, {
      ...options,
      onRevoked: async revoked => {
        await driver.partitions(topic, { fresh: true }); // takes its time
        await first.subscription.commit(revoked.map(entry => ({ ...entry, offset: 2, metadata: 'last' })));
        order.push('committed');
      },
    });
    await vi.waitFor(() => expect(first.records).toHaveLength(6), REBALANCED);
    const received: string[] = [];
    await join(await stage.driver(), {
      ...options,
      onAssigned: assigned =>
        void order.push(...assigned.map(({ committed }) => `assigned ${JSON.stringify(committed)}`)),
      onBatch: ({ records }) => void received.push(...values(records)),
    });
    await vi.waitFor(() => expect(received).toEqual(['c']), REBALANCED);
    expect(order).toEqual(['committed', 'assigned {"offset":2,"metadata":"last"}']);
  });

  it('lets a new member in within a second', async () => {
    const topic = await stage.topic(2);
    const options = { group: topic, topics: [topic] };
    const first = await join(driver, options);
    await vi.waitFor(() => expect(first.held.size).toBe(2), REBALANCED);
    const other = await stage.driver();
    const from = performance.now();
    const second = await join(other, options);
    await vi.waitFor(() => expect(second.held.size).toBe(1), { ...REBALANCED, interval: 10 });
    expect(performance.now() - from).toBeLessThan(1_000); // with kafkajs's heartbeat of 3 s: 2,400 ms
  });

  it('reads on where partitions stay, through a rolling deploy that adds a topic', async () => {
    const [topic, added] = [await stage.topic(4), await stage.topic(2)];
    const older = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(older.held.size).toBe(4), REBALANCED);
    for (const partition of [0, 1, 2, 3]) await send(driver, record(topic, partition, `before ${partition}`));
    await vi.waitFor(() => expect(older.records).toHaveLength(4));
    const newer = await join(await stage.driver(), {
      group: topic,
      topics: [topic, added],
      onAssigned() {},
      onRevoked() {},
      onBatch: ({ records }) => newerRead.push(...records.map(entry => `${entry.topic} ${entry.partition}`)),
    });
    const newerRead: string[] = [];
    await send(driver, record(added, 0, 'x'), record(added, 1, 'x'));
    await vi.waitFor(() => expect(older.held.size).toBe(2), REBALANCED);
    await vi.waitFor(
      () => expect(newerRead).toEqual(expect.arrayContaining([`${added} 0`, `${added} 1`])),
      REBALANCED,
    );
    for (const { partition } of older.held.values()) await send(driver, record(topic, partition, 'after'));
    await vi.waitFor(() => expect(older.records).toHaveLength(6));
    expect([...older.held.values()].every(({ epoch }) => epoch <= 4)).toBe(true); // as they were first assigned
    await newer.subscription.close();
    await vi.waitFor(() => expect(older.held.size).toBe(4), REBALANCED);
    expect([...older.held.values()].filter(({ epoch }) => epoch <= 4)).toHaveLength(2);
  });

  it('tells at the assignment what was committed, metadata and all', async () => {
    const topic = await stage.topic(2);
    const options = { group: topic, topics: [topic] };
    const first = await join(driver, options);
    await vi.waitFor(() => expect(first.held.size).toBe(2), REBALANCED);
    expect(first.held.get(0)).not.toHaveProperty('committed');
    const metadata = `{"done":"1-3,é"}${'x'.repeat(4_000)}`;
    await first.subscription.commit([{ ...first.held.get(0)!, offset: 0, metadata }]);
    await first.subscription.close();
    const second = await join(driver, options);
    await vi.waitFor(() => expect(second.held.size).toBe(2), REBALANCED);
    expect(second.held.get(0)?.committed).toEqual({ offset: 0, metadata });
    expect(second.held.get(1)).not.toHaveProperty('committed');
  });

  it('refuses to commit more metadata than brokers keep, and keeps what was committed before', async () => {
    const topic = await stage.topic();
    const options = { group: topic, topics: [topic] };
    const member = await join(driver, options);
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    const commit = (metadata: string) =>
      member.subscription.commit([{ ...member.held.get(0)!, offset: 0, metadata }]);
    await commit('x'.repeat(4_096));
    await expect(commit('x'.repeat(4_097))).rejects.toMatchObject({
      kind: 'permanent',
      code: 'OFFSET_METADATA_TOO_LARGE',
    });
    await member.subscription.close();
    const next = await join(driver, options);
    await vi.waitFor(() => expect(next.held.get(0)?.committed?.metadata).toHaveLength(4_096), REBALANCED);
  });

  it('delivers all that a pause held back, in order, and takes a resume up at once', async () => {
    const topic = await stage.topic(2);
    const member = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(member.held.size).toBe(2), REBALANCED);
    const paused = [{ topic, partition: 0 }];
    const sent: string[] = [];
    for (let round = 0; round < 5; round++) {
      await send(driver, record(topic, 0, `${round} first`));
      member.subscription.pause(paused);
      const read = member.records.length;
      await send(driver, record(topic, 0, `${round} second`), record(topic, 1, 'other'));
      sent.push(`${round} first`, `${round} second`);
      await vi.waitFor(() =>
        expect(member.records.slice(read).some(({ partition }) => partition === 1)).toBe(true),
      );
      expect(member.records.slice(read).some(({ partition }) => partition === 0)).toBe(false);
      const from = performance.now();
      member.subscription.resume(paused);
      await vi.waitFor(() => expect(values(member.records)).toContain(`${round} second`), { interval: 5 });
      expect(performance.now() - from).toBeLessThan(400); // a long poll takes 500 ms
    }
    expect(values(member.records.filter(({ partition }) => partition === 0))).toEqual(sent);
  });

  it('notices partitions that a topic gains', { timeout: 20_000 }, async () => {
    const topic = await stage.topic(1);
    const member = await join(driver, { group: topic, topics: [topic], from: 'latest' });
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    await driver.ensureTopics([{ topic, partitions: 3, replication: -1 }], 'create');
    await send(driver, record(topic, 2, 'a'));
    await vi.waitFor(() => expect(values(member.records)).toEqual(['a']), { timeout: 15_000 });
    expect(member.revoked).toEqual([]);
  });
});
