import type { Cluster } from '../cluster/cluster.js';
import { listOffset } from '../cluster/log-ends.js';
import { leadersOf } from '../cluster/topic-leaders.js';
import { LATEST } from '../protocol/list-offsets.js';

type TopicPartition = { topic: string; partition: number };

/** How long the ends of all partitions of a share may take to be found out, in ms: reading waits for it. */
const ENDS_TIMEOUT_MS = 1000;

/** The end of each partition's log at this moment. Never rejects: what cannot be found out in time is left out. */
export async function endsOf(
  partitions: readonly TopicPartition[],
  cluster: Cluster,
): Promise<(TopicPartition & { end: number })[]> {
  if (partitions.length === 0) return [];
  try {
    const { topics } = await cluster.metadata([...new Set(partitions.map(({ topic }) => topic))]);
    const leaders = topics.flatMap(found =>
      leadersOf(found).map(entry => ({ topic: found.topic, ...entry })),
    );
    const wanted = leaders.filter(
      led =>
        led.leader >= 0 &&
        partitions.some(({ topic, partition }) => topic === led.topic && partition === led.partition),
    );
    const found = await Promise.allSettled(
      wanted.map(async led => {
        const { offset } = await listOffset(cluster, led, LATEST, ENDS_TIMEOUT_MS);
        return { topic: led.topic, partition: led.partition, end: offset };
      }),
    );
    return found.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  } catch {
    return [];
  }
}
