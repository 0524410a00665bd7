import { Kafka, logLevel } from 'kafkajs';
import { inject } from 'vitest';

/** Records of a topic that a group has not done with, asked for with a Kafka client of its own. */
export async function lagOf(group: string, topic: string): Promise<number> {
  const brokers = inject('brokers').split(',');
  const admin = new Kafka({ clientId: 'lag-of', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const [ends, groups] = await Promise.all([
      admin.fetchTopicOffsets(topic),
      admin.fetchOffsets({ groupId: group, topics: [topic] }),
    ]);
    const done = new Map(groups[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.reduce(
      (lag, { partition, high }) => lag + Number(high) - Math.max(0, done.get(partition) ?? 0),
      0,
    );
  } finally {
    await admin.disconnect();
  }
}
