import { Kafka, logLevel } from 'kafkajs';
import { inject } from 'vitest';

/** A record as bytes. */
export interface RawRecord {
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer>;
}

const WITHIN_MS = 10_000;

/** What is in a topic now, byte by byte, read with a Kafka client of its own. */
export async function rawRecords(topic: string): Promise<RawRecord[]> {
  const brokers = inject('brokers').split(',');
  const kafka = new Kafka({ clientId: 'raw-records', brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const left = new Map(
    offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, Number(high)]),
  );
  const records: RawRecord[] = [];
  if (left.size === 0) return records;
  const consumer = kafka.consumer({ groupId: `raw-${Math.random()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`could not read ${topic} to its end`)), WITHIN_MS);
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        const headers = Object.entries(message.headers ?? {}).map(
          ([name, value]) => [name, Buffer.from(String(value), 'latin1')] as const,
        );
        records.push({ key: message.key, value: message.value, headers: Object.fromEntries(headers) });
        if (Number(message.offset) + 1 >= (left.get(partition) ?? 0)) left.delete(partition);
        if (left.size > 0) return;
        clearTimeout(timer);
        resolve();
      },
    });
  });
  await consumer.disconnect();
  return records;
}
