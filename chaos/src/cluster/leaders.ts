import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin } from 'kafkajs';
import { withAdmin } from './admin.js';

const POLL_MS = 200;

/** Who leads which partitions: watched, and changed. */
export class Leaders {
  constructor(private readonly brokers: readonly string[]) {}

  /**
   * Names another replica first for each of these topics' partitions, which is then elected within a second or two.
   * @param step 1 or 2: how far the replicas' order is turned
   */
  async turn(prefix: string, step: number): Promise<void> {
    await withAdmin(this.brokers, async admin => {
      const moved = (await partitions(admin)).filter(({ topic }) => topic.startsWith(prefix));
      const topics = new Map<string, { partition: number; replicas: number[] }[]>();
      for (const { topic, partition, replicas } of moved) {
        const turned = [...replicas.slice(step), ...replicas.slice(0, step)];
        topics.set(topic, [...(topics.get(topic) ?? []), { partition, replicas: turned }]);
      }
      await admin.alterPartitionReassignments({
        topics: [...topics].map(([topic, partitionAssignment]) => ({ topic, partitionAssignment })),
      });
    });
  }

  /** Resolves once every replica of every topic is in sync; rejects where that takes longer than the limit. */
  async inSync(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    const behind = async (): Promise<string[]> =>
      withAdmin(this.brokers, async admin =>
        (await partitions(admin))
          .filter(({ replicas, isr }) => isr.length < replicas.length)
          .map(({ topic, partition }) => `${topic}/${partition}`),
      ).catch((error: unknown) => [String(error)]);
    for (let left = await behind(); left.length > 0; left = await behind()) {
      if (performance.now() > until)
        throw new Error(`Not in sync after ${limitMs / 1_000} s: ${left.slice(0, 5).join(', ')}`);
      await sleep(POLL_MS);
    }
  }
}

/** All partitions of all topics. */
export async function partitions(admin: Admin) {
  const { topics } = await admin.fetchTopicMetadata({ topics: await admin.listTopics() });
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionId, replicas, isr }) => ({
      topic: name,
      partition: partitionId,
      replicas,
      isr,
    })),
  );
}
