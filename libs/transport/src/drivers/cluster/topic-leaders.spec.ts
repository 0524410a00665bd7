import { describe, expect, it, vi } from 'vitest';
import type { ClusterMetadata } from '../protocol/metadata.js';
import { leadersOf, TopicLeaders } from './topic-leaders.js';

function answering(partitions: number, errorCode = 0) {
  const entries = Array.from({ length: partitions }, (_, index) => ({
    errorCode: 0,
    partition: partitions - 1 - index,
    leader: 1,
    leaderEpoch: 0,
    replicas: [1],
  }));
  return vi.fn(async (topics: readonly string[]): Promise<ClusterMetadata> => ({
    brokers: [],
    controllerId: 1,
    topics: topics.map(topic => ({ topic, errorCode, partitions: entries })),
  }));
}

describe('TopicLeaders', () => {
  it('keeps what it knows for 10 s', async () => {
    let now = 0;
    const metadata = answering(2);
    const leaders = new TopicLeaders({ metadata }, () => now);
    expect(await leaders.of('a')).toEqual([
      { partition: 0, leader: 1 },
      { partition: 1, leader: 1 },
    ]);
    now = 9_999;
    await leaders.of('a');
    expect(metadata).toHaveBeenCalledTimes(1);
    now = 10_000;
    await leaders.of('a');
    expect(metadata).toHaveBeenCalledTimes(2);
  });

  it('asks again after a second for a topic that was not there', async () => {
    let now = 0;
    const metadata = answering(0, 3);
    const leaders = new TopicLeaders({ metadata }, () => now);
    expect(await leaders.of('a')).toEqual([]);
    now = 999;
    await leaders.of('a');
    expect(metadata).toHaveBeenCalledTimes(1);
    now = 1_000;
    await leaders.of('a');
    expect(metadata).toHaveBeenCalledTimes(2);
  });

  it('asks about all topics that come up together at once', async () => {
    const metadata = answering(1);
    const leaders = new TopicLeaders({ metadata });
    const topics = ['a', 'b', 'a', 'c'];
    expect(await Promise.all(topics.map(topic => leaders.of(topic)))).toHaveLength(4);
    expect(metadata.mock.calls).toEqual([[['a', 'b', 'c']]]);
  });

  it('remembers a thousand topics that are not there, and no more', async () => {
    const metadata = answering(0, 3);
    const leaders = new TopicLeaders({ metadata }, () => 0);
    for (let index = 0; index <= 1000; index += 1) await leaders.of(`t${index}`);
    await leaders.of('t1');
    expect(metadata).toHaveBeenCalledTimes(1001);
    await leaders.of('t0');
    expect(metadata).toHaveBeenCalledTimes(1002);
  });

  it('asks again when told to, and after a failure', async () => {
    const metadata = answering(1);
    const leaders = new TopicLeaders({ metadata });
    await leaders.of('a');
    leaders.forget('a');
    metadata.mockRejectedValueOnce(new Error('gone'));
    await expect(leaders.of('a')).rejects.toThrow('gone');
    expect(await leaders.of('a')).toHaveLength(1);
    expect(metadata).toHaveBeenCalledTimes(3);
  });

  it('raises what a broker refuses to tell', () => {
    expect(() => leadersOf({ topic: 'a', errorCode: 29, partitions: [] })).toThrow(
      'Looking up the topic a failed with TOPIC_AUTHORIZATION_FAILED',
    );
  });
});
