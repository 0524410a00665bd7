import { Kafka, logLevel } from 'kafkajs';

/** Makes topics, and resolves once each has its leaders. */
export async function createTopics(brokers: string[], topics: Record<string, number>): Promise<void> {
  const admin = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: Object.entries(topics).map(([topic, numPartitions]) => ({ topic, numPartitions })),
    });
  } finally {
    await admin.disconnect();
  }
}
