import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord } from '../driver.js';
import { DRIVERS } from './drivers.js';
import { join, REBALANCED } from './member.js';
import { Outbox } from './outbox.js';
import { record, Stage, values } from './stage.js';
import { startThreeBrokers, type ThreeBrokers } from './three-brokers.js';

/** A real cluster takes 6 s to miss a broker, and some more to start it again. */
const SHAKEN = { timeout: 60_000 };
const RECOVERED = { timeout: 20_000 };

let cluster: ThreeBrokers;
beforeAll(async () => {
  cluster = await startThreeBrokers();
}, 120_000);
afterAll(() => cluster.close());

describe.each(DRIVERS)('%s: cluster', (_, make) => {
  let stage: Stage;
  let driver: Driver;
  let outbox: Outbox;
  beforeEach(async () => {
    stage = Stage.on(make, cluster.brokers);
    driver = await stage.driver();
    outbox = new Outbox(driver);
  });
  afterEach(async () => {
    await outbox.close();
    await stage.close();
    await cluster.heal();
  }, SHAKEN.timeout);

  const leaderOf = async (topic: string) =>
    (await driver.partitions(topic, { fresh: true }))[0]?.leader ?? -1;

  /** A topic of one partition, and what a tail reads of it from the offset given. */
  async function watched(from: 'end' | number, replication: number) {
    const topic = await stage.topic(1, {}, { replication });
    const read: ReceivedRecord[] = [];
    const onGap = vi.fn();
    const onBatch = ({ records }: { records: readonly ReceivedRecord[] }) => void read.push(...records);
    const tail = await driver.tail({ topic, partitions: [0], from, onBatch, onGap });
    return { topic, read, tail, onGap };
  }

  /** Sends records in a steady stream until `meanwhile` is done, and gives their values in order. */
  async function sendingWhile(topic: string, meanwhile: () => Promise<void>): Promise<string[]> {
    const sent: string[] = [];
    const timer = setInterval(() => {
      const value = `${topic} ${sent.length}`;
      sent.push(value);
      outbox.send(record(topic, 0, value));
    }, 5);
    try {
      await meanwhile();
    } finally {
      clearInterval(timer);
    }
    await outbox.settled(RECOVERED.timeout);
    return sent;
  }

  it('keeps order, and loses nothing acknowledged, while the leader moves', SHAKEN, async () => {
    const { topic, read, tail, onGap } = await watched(0, 2);
    const leaders = new Set<number>();
    const sent = await sendingWhile(topic, async () => {
      for (let move = 0; move < 4; move++) {
        leaders.add(await leaderOf(topic));
        await cluster.moveLeader(topic, 0);
        const before = outbox.acknowledged.size;
        await vi.waitFor(() => expect(outbox.acknowledged.size).toBeGreaterThan(before + 10), RECOVERED);
      }
    });
    expect(leaders.size).toBeGreaterThan(1);
    expect(outbox.failed).toEqual(new Map());
    await vi.waitFor(() => expect(values(read)).toContain(sent.at(-1)), RECOVERED);
    outbox.expectRead(read, sent);
    expect(onGap).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(tail.reading).toBe(true), RECOVERED);
  });

  it('goes on when the leader is killed, and when it is back', SHAKEN, async () => {
    const { topic, read, tail, onGap } = await watched('end', 3);
    const victim = await leaderOf(topic);
    const sent = await sendingWhile(topic, async () => {
      await vi.waitFor(() => expect(outbox.acknowledged.size).toBeGreaterThan(10), RECOVERED);
      await cluster.kill(victim);
      const before = outbox.acknowledged.size;
      await vi.waitFor(() => expect(outbox.acknowledged.size).toBeGreaterThan(before + 20), RECOVERED);
      await cluster.restart(victim);
    });
    expect(outbox.failed).toEqual(new Map());
    await vi.waitFor(() => expect(values(read)).toContain(sent.at(-1)), RECOVERED);
    outbox.expectRead(read, sent);
    expect(onGap).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(tail.reading).toBe(true), RECOVERED);
  });

  it('keeps its place in a group whose every broker is killed in turn', { timeout: 180_000 }, async () => {
    const topic = await stage.topic(1, {}, { replication: 3 });
    const member = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(member.held.size).toBe(1), REBALANCED);
    const sent: string[] = [];
    for (const victim of [1, 2, 3]) {
      await cluster.kill(victim);
      for (let index = 0; index < 5; index++) {
        sent.push(`${victim} ${index}`);
        outbox.send(record(topic, 0, sent.at(-1) ?? ''));
      }
      await outbox.settled(RECOVERED.timeout);
      await vi.waitFor(() => expect(values(member.records)).toContain(sent.at(-1)), RECOVERED);
      const offset = (member.records.at(-1)?.offset ?? -1) + 1;
      const commit = () =>
        member.subscription.commit([{ ...member.held.get(0)!, offset, metadata: `${victim}` }]);
      await vi.waitFor(commit, RECOVERED);
      await cluster.restart(victim);
    }
    expect(outbox.failed).toEqual(new Map());
    outbox.expectRead(member.records, sent);
    expect(member.revoked).toEqual([]);
    await member.subscription.close();
    const next = await join(driver, { group: topic, topics: [topic] });
    await vi.waitFor(() => expect(next.held.get(0)?.committed?.metadata).toBe('3'), RECOVERED);
  });
});
