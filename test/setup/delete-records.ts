import { Kafka, logLevel } from 'kafkajs';
import { inject } from 'vitest';

/** Deletes every record that is in a topic now, as its retention would. */
export async function deleteRecords(topic: string): Promise<void> {
  const admin = new Kafka({
    clientId: 'delete-records',
    brokers: inject('brokers').split(','),
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({
      topic,
      partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
    });
  } finally {
    await admin.disconnect();
  }
}
