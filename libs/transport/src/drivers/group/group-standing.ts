import type { Cluster } from '../cluster/cluster.js';
import type { CommittedOffset } from '../driver.js';
import { Coordinator } from './coordinator.js';
import { GroupOffsets } from './group-offsets.js';

/** What a group has committed of these partitions, asked from outside the group. Rejects with a DriverError. */
export async function committedBy(
  cluster: Cluster,
  group: string,
  partitions: readonly { topic: string; partition: number }[],
  requestTimeoutMs: number,
): Promise<readonly CommittedOffset[]> {
  const coordinator = new Coordinator({ group, prompt: cluster, patient: cluster, requestTimeoutMs });
  const offsets = await new GroupOffsets(group, coordinator).fetch(partitions);
  return offsets.map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }));
}
