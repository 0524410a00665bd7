import { Kafka, logLevel } from 'kafkajs';
import { inject } from 'vitest';

export interface ReadRecord {
  key: string | null;
  value: string | null;
  headers: Record<string, string>;
  partition: number;
}

const IDLE_MS = 10_000;

/** Everything that is in a topic now, read with a Kafka client of its own. */
export async function readTopic(topic: string): Promise<ReadRecord[]> {
  const kafka = new Kafka({
    clientId: 'read-topic',
    brokers: inject('brokers').split(','),
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const ends = new Map(
    offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, Number(high)]),
  );
  if (ends.size === 0) return [];
  const consumer = kafka.consumer({ groupId: `read-${Math.random()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const records: ReadRecord[] = [];
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`could not read ${topic} to its end`)), IDLE_MS);
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        records.push({
          key: message.key?.toString() ?? null,
          value: message.value?.toString() ?? null,
          headers: Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
          partition,
        });
        if (Number(message.offset) + 1 >= (ends.get(partition) ?? 0)) ends.delete(partition);
        if (ends.size > 0) return;
        clearTimeout(timer);
        resolve();
      },
    });
  });
  await consumer.disconnect();
  return records;
}
