import { describe, expect, it, vi } from 'vitest';
import type { Cluster } from '../cluster/cluster.js';
import { GroupLeader } from './group-leader.js';
import { decodeAssignment, encodeSubscription } from '../protocol/consumer-protocol.js';
import type { TopicPartitions } from '../protocol/consumer-protocol.js';

function leaderOf(counts: Record<string, number>, refused: Record<string, number> = {}) {
  const metadata: Cluster['metadata'] = async topics => ({
    brokers: [],
    controllerId: 1,
    topics: topics.map(topic => ({
      topic,
      errorCode: refused[topic] ?? (counts[topic] ? 0 : 3),
      partitions: Array.from({ length: counts[topic] ?? 0 }, (_, partition) => ({
        errorCode: 0,
        partition,
        leader: 1,
        leaderEpoch: 0,
        replicas: [],
      })),
    })),
  });
  const onError = vi.fn();
  return { leader: new GroupLeader({ metadata }, onError), onError };
}

function member(memberId: string, topics: string[], owned: TopicPartitions = {}) {
  return { memberId, metadata: encodeSubscription({ topics, owned, generation: 1 }) };
}

async function dealt(leader: GroupLeader, ...members: ReturnType<typeof member>[]) {
  const shares = await leader.assign(members);
  return Object.fromEntries(shares.map(share => [share.memberId, decodeAssignment(share.assignment)]));
}

describe('group leader', () => {
  it('deals out topics that only another member subscribed to', async () => {
    const { leader } = leaderOf({ t: 2, added: 1 });
    const shares = await dealt(leader, member('old', ['t'], { t: [0, 1] }), member('new', ['t', 'added']));
    expect(shares).toEqual({ old: { t: [0] }, new: { added: [0] } }); // t[1] once it is given up
  });

  it('tells of a topic it may not see, and deals out the others', async () => {
    const { leader, onError } = leaderOf({ t: 1, secret: 1 }, { secret: 29 });
    expect(await dealt(leader, member('m', ['t', 'secret']))).toEqual({ m: { t: [0] } });
    expect(onError).toHaveBeenCalledOnce();
  });

  it('leaves a topic that the broker does not know yet with who reads it', async () => {
    const { leader } = leaderOf({});
    expect(await dealt(leader, member('m', ['t'], { t: [1, 0] }))).toEqual({ m: { t: [0, 1] } });
  });

  it('notices that a topic has grown, not that it is gone', async () => {
    const counts = { t: 2 };
    const { leader } = leaderOf(counts);
    await dealt(leader, member('m', ['t']));
    expect(await leader.topicsGrew()).toBe(false);
    counts.t = 0;
    expect(await leader.topicsGrew()).toBe(false);
    counts.t = 3;
    expect(await leader.topicsGrew()).toBe(true);
  });

  it('asks again within a second while a topic is not known', async () => {
    const counts = { t: 2, late: 0 };
    const { leader } = leaderOf(counts);
    await dealt(leader, member('m', ['t', 'late']));
    expect(leader.lookEveryMs).toBe(1_000);
    counts.late = 1;
    expect(await leader.topicsGrew()).toBe(true);
    await dealt(leader, member('m', ['t', 'late']));
    expect(leader.lookEveryMs).toBe(10_000);
  });
});
