import { DriverError } from '../driver.js';
import { brokerError, NO_ERROR } from '../errors.js';
import type { Cluster } from './cluster.js';

const TIMESTAMP = { earliest: -2n, latest: -1n };

/** Asks a partition's leader for the first offset of its log, or for its high watermark. */
export async function listOffset(
  cluster: Cluster,
  { topic, partition, leader }: { topic: string; partition: number; leader: number },
  which: keyof typeof TIMESTAMP,
  timeoutMs: number,
): Promise<number> {
  const link = await cluster.link(leader);
  const { listOffsetsV5 } = await cluster.client();
  const asked = { partitionIndex: partition, currentLeaderEpoch: -1, timestamp: TIMESTAMP[which] };
  const { topics } = await link.send(
    listOffsetsV5.api,
    [-1, 0, [{ name: topic, partitions: [asked] }]],
    timeoutMs,
  );
  const answer = topics.flatMap(({ partitions }) => partitions)[0];
  const doing = `Asking broker ${leader} for the offsets of ${topic}[${partition}]`;
  if (!answer) throw new DriverError('retriable', `${doing} told nothing of it`);
  if (answer.errorCode !== NO_ERROR) throw brokerError(answer.errorCode, doing);
  return Number(answer.offset);
}
