import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Cluster } from '../cluster/cluster.js';
import { LeaderSearch } from './leader-search.js';
import { ReadPositions } from './read-positions.js';

describe('the search for leaders', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** A cluster of the topic `known`, led by `leader`. */
  function searching(leader: number) {
    const metadata = vi.fn<Cluster['metadata']>(async topics => ({
      brokers: [],
      controllerId: 1,
      topics: topics.map(topic => ({
        topic,
        errorCode: topic === 'known' ? 0 : 3,
        partitions:
          topic === 'known' ? [{ errorCode: 0, partition: 0, leader, leaderEpoch: 0, replicas: [1] }] : [],
      })),
    }));
    const cluster = { metadata } as Partial<Cluster> as Cluster;
    const positions = new ReadPositions({
      cluster,
      requestTimeoutMs: 1_000,
      whenShorter: 'end',
      onGap() {},
      onRefused() {},
    });
    const search = new LeaderSearch({ positions, onLooked() {}, onError() {} });
    const lose = (topic: string) =>
      positions.add({ topic, partition: 0, epoch: 0, offset: 5, leader: undefined });
    const asked = (topic: string) => metadata.mock.calls.filter(([topics]) => topics.includes(topic)).length;
    return { positions, search, lose, asked };
  }

  it('asks for a topic that is gone every 10 s in the end', async () => {
    const { search, lose, asked } = searching(1);
    lose('gone');
    search.begin();
    await vi.advanceTimersByTimeAsync(15_000);
    const before = asked('gone');
    expect(before).toBeGreaterThan(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked('gone') - before).toBe(6);
    search.close();
  });

  it('asks five times a second while there is no leader, however long: an election may end at any time', async () => {
    const { search, lose, asked } = searching(-1);
    lose('known');
    search.begin();
    await vi.advanceTimersByTimeAsync(5_000);
    const before = asked('known');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked('known') - before).toBeGreaterThanOrEqual(50);
    expect(asked('known') - before).toBeLessThanOrEqual(101);
    search.close();
  });

  it('looks at once for what is lost meanwhile', async () => {
    const { positions, search, lose, asked } = searching(1);
    lose('gone');
    search.begin();
    await vi.advanceTimersByTimeAsync(30_000);
    lose('known');
    search.begin();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked('known')).toBe(1);
    expect(positions.get({ topic: 'known', partition: 0 })?.leader).toBe(1);
    search.close();
  });

  it('asks about once a second for a partition that has no leader', async () => {
    const { search, lose, asked } = searching(-1);
    lose('known');
    search.begin();
    await vi.advanceTimersByTimeAsync(10_000);
    const before = asked('known');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked('known') - before).toBeGreaterThanOrEqual(9);
    search.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
