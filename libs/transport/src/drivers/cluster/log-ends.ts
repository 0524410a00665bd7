import { DriverError } from '../driver.js';
import type { LogExtent, PartitionOffset } from '../driver.js';
import { brokerError, NO_ERROR } from '../errors.js';
import { OFFSET_FOR_LEADER_EPOCH } from '../protocol/api.js';
import { epochEndRequest } from '../protocol/leader-epoch.js';
import { EARLIEST, LATEST, listOffsetsRequest } from '../protocol/list-offsets.js';
import type { ListedOffset } from '../protocol/list-offsets.js';
import type { Cluster } from './cluster.js';
import { leadersOf } from './topic-leaders.js';

type LedPartition = { topic: string; partition: number; leader: number };

/** Asks a partition's leader for the first offset of its log, its high watermark, or the offset of a time. */
export async function listOffset(
  cluster: Cluster,
  { topic, partition, leader }: LedPartition,
  which: number,
  timeoutMs: number,
): Promise<ListedOffset> {
  const link = await cluster.link(leader);
  const answers = await link.send(listOffsetsRequest(topic, [partition], which), timeoutMs);
  const answer = answers.find(entry => entry.partition === partition);
  const doing = `Asking broker ${leader} for the offsets of ${topic}[${partition}]`;
  if (!answer) throw new DriverError('retriable', `${doing} told nothing of it`);
  if (answer.errorCode !== NO_ERROR) throw brokerError(answer.errorCode, doing);
  return answer;
}

/** From where to where the logs of a topic go; an unknown topic has none. Rejects where one has no leader. */
export async function extentsOf(cluster: Cluster, topic: string, timeoutMs: number): Promise<LogExtent[]> {
  const led = await ledPartitions(cluster, topic);
  return Promise.all(
    led.map(async asked => {
      const { partition } = asked;
      const [start, end] = await Promise.all([
        listOffset(cluster, asked, EARLIEST, timeoutMs),
        listOffset(cluster, asked, LATEST, timeoutMs),
      ]);
      return { partition, start: start.offset, end: end.offset };
    }),
  );
}

/** The first offset of each partition that is of a time or later, the log's end where none is. Rejects as `extentsOf`. */
export async function offsetsAt(
  cluster: Cluster,
  topic: string,
  timestamp: number,
  timeoutMs: number,
): Promise<PartitionOffset[]> {
  const led = await ledPartitions(cluster, topic);
  return Promise.all(
    led.map(async asked => {
      const { partition } = asked;
      // First, so that what is appended between the two questions is not left out.
      const end = await listOffset(cluster, asked, LATEST, timeoutMs);
      const { offset } = await listOffset(cluster, asked, timestamp, timeoutMs);
      return { partition, offset: offset < 0 ? end.offset : offset };
    }),
  );
}

async function ledPartitions(cluster: Cluster, topic: string): Promise<LedPartition[]> {
  const { topics } = await cluster.metadata([topic]);
  const led = topics.filter(entry => entry.topic === topic).flatMap(leadersOf);
  return led.map(({ partition, leader }) => ({ topic, partition, leader }));
}

/**
 * Where the leader's log ends that was written under `epoch` or before: what was read past that was never kept, and
 * other records are or will be in its place. Undefined where the leader cannot tell.
 */
export async function epochEnd(
  cluster: Cluster,
  { topic, partition, leader, leaderEpoch }: LedPartition & { leaderEpoch: number },
  epoch: number,
  timeoutMs: number,
): Promise<number | undefined> {
  const link = await cluster.link(leader);
  if (!link.speaks(OFFSET_FOR_LEADER_EPOCH)) return undefined;
  const answer = await link.send(epochEndRequest({ topic, partition, leaderEpoch }, epoch), timeoutMs);
  if (!answer) return undefined;
  if (answer.errorCode !== NO_ERROR) {
    const doing = `Asking broker ${leader} how far ${topic}[${partition}] was kept`;
    const error = brokerError(answer.errorCode, doing);
    if (error.kind === 'permanent') return undefined;
    throw error;
  }
  return answer.endOffset < 0 ? undefined : answer.endOffset;
}
