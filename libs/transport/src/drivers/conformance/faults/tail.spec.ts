import { ApiKey, ErrorCode, fault } from '@parley/embedded-kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, ReceivedRecord, TailOptions } from '../../driver.js';
import { DRIVERS } from '../drivers.js';
import { record, send, Stage, values } from '../stage.js';

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

  it('tells of what was deleted under it while it could not read, and never jumps untold', async () => {
    const driver = await stage.driver();
    const { seen } = await watch(driver, { topic: 'a', partitions: [0], from: 0 });
    await send(driver, record('a', 0, '0'));
    await vi.waitFor(() => expect(seen.records).toHaveLength(1));
    const { NOT_LEADER_OR_FOLLOWER } = ErrorCode;
    const restore = stage.kafka.inject(
      { api: ApiKey.Fetch, topic: 'a', partition: 0 },
      fault.error(NOT_LEADER_OR_FOLLOWER),
    );
    await vi.waitFor(() => expect(seen.records).toHaveLength(1));
    for (const value of ['1', '2', '3', '4', '5']) await send(driver, record('a', 0, value));
    stage.kafka.deleteRecords('a', 0, { keep: 2 });
    restore();
    await vi.waitFor(() => expect(seen.records.at(-1)?.offset).toBe(5), 5_000);
    const read = seen.records.map(({ offset }) => offset);
    const missed = seen.gaps.flatMap(({ expected, resumedAt }) =>
      Array.from({ length: resumedAt - expected }, (_, index) => expected + index),
    );
    expect([...read, ...missed].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(read.slice(-2)).toEqual([4, 5]);
  });

  it('notices an answer that stalls half way, and reads on over another connection', async () => {
    const driver = await stage.driver({ requestTimeoutMs: 200 });
    const [stalled, resumed] = [vi.fn(), vi.fn()];
    driver.on('stalled', stalled);
    driver.on('resumed', resumed);
    const { tail, seen } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    stage.kafka.inject({ api: ApiKey.Fetch, topic: 'a', times: 1 }, fault.stall);
    await send(driver, record('a', 0, 'a'), record('a', 0, 'b'));
    await vi.waitFor(() => expect(stalled).toHaveBeenCalled(), 3_000);
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['a', 'b']), 3_000);
    await vi.waitFor(() => expect(tail.reading).toBe(true));
    expect(resumed).toHaveBeenCalledExactlyOnceWith({ where: 'tail of a' });
  });

  it('reads an answer that trickles in', async () => {
    const driver = await stage.driver();
    const { seen } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    stage.kafka.inject({ api: ApiKey.Fetch, topic: 'a' }, fault.trickle(1, 8));
    await send(driver, record('a', 0, 'a'), record('a', 0, 'b'));
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['a', 'b']), 5_000);
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
    const [stalled, resumed] = [vi.fn(), vi.fn()];
    driver.on('stalled', stalled);
    driver.on('resumed', resumed);
    const { tail, seen } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    const stop = stage.kafka.intercept(ApiKey.Fetch, () => fault.drop);
    await vi.waitFor(() => expect(stalled).toHaveBeenCalled(), 3_000);
    expect(stalled.mock.calls[0]![0]).toMatchObject({ where: 'tail of a' });
    expect(resumed).not.toHaveBeenCalled();
    stop();
    await send(driver, record('a', 0, 'a'));
    await vi.waitFor(() => expect(values(seen.records)).toEqual(['a']), 3_000);
    await vi.waitFor(() => expect(tail.reading).toBe(true));
    expect(resumed).toHaveBeenCalledExactlyOnceWith({ where: 'tail of a' });
  });

  it('asks no more of a broker that hangs once it is closed, and tells so', async () => {
    const driver = await stage.driver({ requestTimeoutMs: 200 });
    const [stalled, resumed] = [vi.fn(), vi.fn()];
    driver.on('stalled', stalled);
    driver.on('resumed', resumed);
    const { tail } = await watch(driver, { topic: 'a', partitions: [0], from: 'end' });
    stage.kafka.intercept(ApiKey.Fetch, () => fault.drop);
    await vi.waitFor(() => expect(stalled).toHaveBeenCalled(), 3_000);
    await tail.close();
    expect(resumed).toHaveBeenCalledExactlyOnceWith({ where: 'tail of a' });
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
