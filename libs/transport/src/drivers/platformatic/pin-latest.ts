import { DriverError } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import { pause } from '../timing/deadline.js';
import type { TopicLeaders } from '../cluster/topic-leaders.js';
import type { Cluster } from './cluster.js';
import type { Coordinator } from './coordinator.js';
import { listOffset } from './log-ends.js';

const MAX_WAIT_MS = 15_000;
/** The group has members, and each of them has done this before it joined. */
const GROUP_IS_ACTIVE = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'];

interface Pinning {
  cluster: Cluster;
  leaders: TopicLeaders;
  coordinator: Coordinator;
  requestTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Commits the end of each partition for which the group has no offset. Where a member only begins to read "at the
 * latest", records that arrive before its first commit are lost to whoever takes over.
 */
export async function pinLatest(topics: readonly string[], pinning: Pinning): Promise<void> {
  const { leaders, signal } = pinning;
  const backoff = new Backoff();
  const until = performance.now() + MAX_WAIT_MS;
  for (;;) {
    try {
      await pinMissing(topics, pinning);
      return;
    } catch (error) {
      const { kind, code = '' } = error instanceof DriverError ? error : { kind: 'retriable' };
      if (GROUP_IS_ACTIVE.includes(code)) return;
      if (kind === 'permanent' || signal.aborted || performance.now() > until) throw error;
      for (const topic of topics) leaders.forget(topic);
    }
    await pause(backoff.take(), signal);
  }
}

async function pinMissing(
  topics: readonly string[],
  { cluster, leaders, coordinator, requestTimeoutMs }: Pinning,
): Promise<void> {
  const found = topics.map(async topic => (await leaders.of(topic)).map(entry => ({ topic, ...entry })));
  const known = (await Promise.all(found)).flat();
  const committed = await coordinator.offsets(known);
  const ends = known
    .filter((_, index) => committed[index]!.committed === undefined)
    .map(async entry => ({ ...entry, offset: await listOffset(cluster, entry, 'latest', requestTimeoutMs) }));
  if (ends.length > 0) await coordinator.commit(undefined, await Promise.all(ends));
}
