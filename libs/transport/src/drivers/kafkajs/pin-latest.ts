import { DriverError } from '../driver.js';
import { Backoff } from './backoff.js';
import type { BrokerLink } from './broker-link.js';
import type { Cluster } from './cluster.js';
import { pause } from './deadline.js';
import {
  brokerError,
  ILLEGAL_GENERATION,
  NO_ERROR,
  REBALANCE_IN_PROGRESS,
  UNKNOWN_MEMBER_ID,
} from './errors.js';
import { listOffset } from './log-ends.js';
import { findCoordinatorRequest, offsetCommitRequest, offsetFetchRequest } from './protocol/group-offsets.js';
import type { GroupOffset } from './protocol/group-offsets.js';
import { LATEST } from './protocol/list-offsets.js';
import type { TopicLeaders } from './topic-leaders.js';

const MAX_WAIT_MS = 15_000;
/** The group has members, and each of them has done this before it joined. */
const GROUP_IS_ACTIVE = [UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS];

interface Pinning {
  cluster: Cluster;
  leaders: TopicLeaders;
  requestTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Commits the end of each partition for which the group has no offset. Where a client itself begins "at the
 * latest", records that arrive before its first commit are lost to whoever takes over, and so are those that
 * are still there when its offset has run out of range; committed ends have neither fault.
 */
export async function pinLatest(
  group: string,
  topics: readonly string[],
  { cluster, leaders, requestTimeoutMs, signal }: Pinning,
): Promise<void> {
  const backoff = new Backoff();
  const until = performance.now() + MAX_WAIT_MS;
  for (;;) {
    try {
      const coordinator = await findCoordinator(group, cluster, requestTimeoutMs);
      const missing = await findMissing(group, topics, { coordinator, leaders, requestTimeoutMs });
      const ends = await Promise.all(
        missing.map(async entry => ({
          ...entry,
          offset: await listOffset(cluster, entry, LATEST, requestTimeoutMs),
        })),
      );
      await commit(group, ends, coordinator, requestTimeoutMs);
      return;
    } catch (error) {
      const isFinal = error instanceof DriverError && error.kind === 'permanent';
      if (isFinal || signal.aborted || performance.now() > until) throw error;
      for (const topic of topics) leaders.forget(topic);
    }
    await pause(backoff.take(), signal);
  }
}

async function findCoordinator(group: string, cluster: Cluster, timeoutMs: number): Promise<BrokerLink> {
  const link = await cluster.anyLink();
  const { errorCode, message, nodeId } = await link.send(findCoordinatorRequest(group), timeoutMs);
  if (errorCode !== NO_ERROR)
    throw brokerError(errorCode, `Looking for the coordinator of ${group}`, message);
  return cluster.link(nodeId);
}

async function findMissing(
  group: string,
  topics: readonly string[],
  {
    coordinator,
    leaders,
    requestTimeoutMs,
  }: Pick<Pinning, 'leaders' | 'requestTimeoutMs'> & { coordinator: BrokerLink },
): Promise<{ topic: string; partition: number; leader: number }[]> {
  const known = (
    await Promise.all(
      topics.map(async topic => (await leaders.of(topic)).map(entry => ({ topic, ...entry }))),
    )
  ).flat();
  const wanted = new Map(
    topics.map(topic => [
      topic,
      known.filter(entry => entry.topic === topic).map(({ partition }) => partition),
    ]),
  );
  const { errorCode, offsets } = await coordinator.send(offsetFetchRequest(group, wanted), requestTimeoutMs);
  const doing = `Asking for the offsets of the group ${group}`;
  if (errorCode !== NO_ERROR) throw brokerError(errorCode, doing);
  for (const entry of offsets) if (entry.errorCode !== NO_ERROR) throw brokerError(entry.errorCode, doing);
  const committed = offsets.filter(({ offset }) => offset >= 0);
  return known.filter(
    ({ topic, partition }) =>
      !committed.some(entry => entry.topic === topic && entry.partition === partition),
  );
}

async function commit(
  group: string,
  ends: readonly GroupOffset[],
  coordinator: BrokerLink,
  timeoutMs: number,
): Promise<void> {
  if (ends.length === 0) return;
  const results = await coordinator.send(offsetCommitRequest(group, ends), timeoutMs);
  for (const { topic, partition, errorCode } of results) {
    if (errorCode === NO_ERROR || GROUP_IS_ACTIVE.includes(errorCode)) continue;
    throw brokerError(errorCode, `Committing the end of ${topic}[${partition}] for the group ${group}`);
  }
}
