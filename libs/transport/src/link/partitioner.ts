import type { TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from './link.js';
import { murmur2 } from './murmur2.js';

/**
 * The partition for a record: by key as Kafka's own clients do, so that a key's records meet whoever sends them;
 * without a key the partitions that have a leader take turns, batch by batch, since a batch of one partition costs
 * both ends less than one of many (https://cwiki.apache.org/confluence/display/KAFKA/KIP-480%3A+Sticky+Partitioner).
 * A topic that is missing is made where the link may make topics: a caller may come up before the server that reads
 * it. Rejects NOT_FOUND where it may not.
 */
export async function choosePartition(link: Link, spec: TopicSpec, key: Buffer | null): Promise<number> {
  const { topic } = spec;
  let partitions = await link.driver.partitions(topic);
  if (partitions.length === 0 && link.options.provision === 'create') {
    await link.missing.make(spec);
    partitions = await link.driver.partitions(topic, { fresh: true });
  }
  if (partitions.length === 0) throw new ParleyException('NOT_FOUND', `topic ${topic} does not exist`);
  if (key !== null) return (murmur2(key) & 0x7fffffff) % partitions.length;
  const turn = link.sender.turn;
  for (let step = 0; step < partitions.length; step += 1) {
    const candidate = partitions[(turn + step) % partitions.length]!;
    if (candidate.leader >= 0) return candidate.partition;
  }
  return partitions[turn % partitions.length]!.partition;
}
