import { Kafka, logLevel, Partitioners, type Message } from 'kafkajs';
import { inject } from 'vitest';

/** Writes records to a topic as another program would, with a Kafka client of its own. */
export async function writeRecords(topic: string, ...messages: Message[]): Promise<void> {
  const kafka = new Kafka({
    clientId: 'write-record',
    brokers: inject('brokers').split(','),
    logLevel: logLevel.NOTHING,
  });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}
