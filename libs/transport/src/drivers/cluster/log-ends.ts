import { DriverError } from '../driver.js';
import type { Cluster } from './cluster.js';
import { brokerError, NO_ERROR } from '../errors.js';
import { listOffsetsRequest } from '../protocol/list-offsets.js';
import type { LogEnd } from '../protocol/list-offsets.js';

/** Asks a partition's leader for the first offset of its log, or for its high watermark. */
export async function listOffset(
  cluster: Cluster,
  { topic, partition, leader }: { topic: string; partition: number; leader: number },
  which: LogEnd,
  timeoutMs: number,
): Promise<number> {
  const link = await cluster.link(leader);
  const answers = await link.send(listOffsetsRequest(topic, [partition], which), timeoutMs);
  const answer = answers.find(entry => entry.partition === partition);
  const doing = `Asking broker ${leader} for the offsets of ${topic}[${partition}]`;
  if (!answer) throw new DriverError('retriable', `${doing} told nothing of it`);
  if (answer.errorCode !== NO_ERROR) throw brokerError(answer.errorCode, doing);
  return answer.offset;
}
