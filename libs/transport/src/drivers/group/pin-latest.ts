import { DriverError } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import type { Cluster } from '../cluster/cluster.js';
import { pause } from '../timing/deadline.js';
import {
  brokerError,
  ILLEGAL_GENERATION,
  NO_ERROR,
  REBALANCE_IN_PROGRESS,
  UNKNOWN_MEMBER_ID,
} from '../errors.js';
import type { GroupOffsets } from './group-offsets.js';
import { listOffset } from '../cluster/log-ends.js';
import type { GroupOffset } from '../protocol/group-offsets.js';
import { NO_MEMBER } from '../protocol/group-offsets.js';
import { LATEST } from '../protocol/list-offsets.js';
import { leadersOf } from '../cluster/topic-leaders.js';

const MAX_WAIT_MS = 15_000;
/** The group has members: the ends are committed by whoever is assigned the partitions. */
const GROUP_IS_ACTIVE = [UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS];

interface Pinning {
  cluster: Cluster;
  offsets: GroupOffsets;
  requestTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * The end of each partition for which the group has no offset, committed where the group has no members yet.
 * Where a client itself begins "at the latest", records that arrive before its first commit are lost to whoever
 * takes over, and so are those that are still there when its offset has run out of range; committed ends have
 * neither fault.
 */
export async function pinLatest(
  topics: readonly string[],
  { cluster, offsets, requestTimeoutMs, signal }: Pinning,
): Promise<GroupOffset[]> {
  const backoff = new Backoff();
  const until = performance.now() + MAX_WAIT_MS;
  for (;;) {
    try {
      const answer = await cluster.metadata(topics);
      const partitions = answer.topics.flatMap(found =>
        leadersOf(found).map(entry => ({ topic: found.topic, ...entry })),
      );
      const known = await offsets.fetch(partitions);
      const missing = partitions.filter(
        ({ topic, partition }) =>
          !known.some(entry => entry.topic === topic && entry.partition === partition),
      );
      const ends = await Promise.all(
        missing.map(async ({ topic, partition, leader }) => ({
          topic,
          partition,
          offset: (await listOffset(cluster, { topic, partition, leader }, LATEST, requestTimeoutMs)).offset,
          metadata: '',
        })),
      );
      await commit(ends, offsets);
      return ends;
    } catch (error) {
      const isFinal = error instanceof DriverError && error.kind === 'permanent';
      if (isFinal || signal.aborted || performance.now() > until) throw error;
    }
    await pause(backoff.take(), signal);
  }
}

async function commit(ends: readonly GroupOffset[], offsets: GroupOffsets): Promise<void> {
  if (ends.length === 0) return;
  for (const { topic, partition, errorCode } of await offsets.commit(NO_MEMBER, ends)) {
    if (errorCode === NO_ERROR || GROUP_IS_ACTIVE.includes(errorCode)) continue;
    throw brokerError(errorCode, `Committing the end of ${topic}[${partition}]`);
  }
}
