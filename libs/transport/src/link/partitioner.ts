import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from './link.js';
import { murmur2 } from './murmur2.js';

let turn = 0;

/**
 * The partition for a record: by key as Kafka's own clients do, so that a key's records meet whoever sends them;
 * without a key the partitions that have a leader take turns. Rejects NOT_FOUND for a topic that does not exist.
 */
export async function choosePartition(link: Link, topic: string, key: Buffer | null): Promise<number> {
  const partitions = await link.driver.partitions(topic);
  if (partitions.length === 0) throw new ParleyException('NOT_FOUND', `topic ${topic} does not exist`);
  if (key !== null) return (murmur2(key) & 0x7fffffff) % partitions.length;
  turn = (turn + 1) & 0x7fffffff;
  for (let step = 0; step < partitions.length; step += 1) {
    const candidate = partitions[(turn + step) % partitions.length]!;
    if (candidate.leader >= 0) return candidate.partition;
  }
  return partitions[turn % partitions.length]!.partition;
}
