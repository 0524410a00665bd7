import { Kafka, logLevel, type Consumer, type KafkaMessage } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EmbeddedKafka } from './index.js';

const GROUP = { sessionTimeout: 6_000, heartbeatInterval: 100, maxWaitTimeInMs: 100 };

let broker: EmbeddedKafka;
let kafka: Kafka;
const open: { disconnect(): Promise<void> }[] = [];

beforeEach(async () => {
  broker = await EmbeddedKafka.start();
  kafka = new Kafka({
    clientId: 'spec',
    brokers: broker.brokers,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 8 },
  });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map(client => client.disconnect()));
  await broker.close();
});

async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(client: T) {
  await client.connect();
  open.push(client);
  return client;
}

async function consume(consumer: Consumer, topic: string, fromBeginning = true): Promise<KafkaMessage[]> {
  const received: KafkaMessage[] = [];
  await connected(consumer);
  await consumer.subscribe({ topic, fromBeginning });
  await consumer.run({ eachMessage: async ({ message }) => void received.push(message) });
  return received;
}

describe('with kafkajs', () => {
  it('creates, describes, grows and deletes topics', async () => {
    const admin = await connected(kafka.admin());
    expect(await admin.createTopics({ topics: [{ topic: 'a', numPartitions: 2 }] })).toBe(true);
    expect(await admin.createTopics({ topics: [{ topic: 'a' }] })).toBe(false);
    await admin.createPartitions({ topicPartitions: [{ topic: 'a', count: 3 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['a'] });
    expect(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    await admin.deleteTopics({ topics: ['a'] });
    expect(await admin.listTopics()).toEqual([]);
  });

  it('carries keys, values and headers from a producer to a consumer group', async () => {
    broker.createTopic('a');
    const producer = await connected(kafka.producer());
    await producer.send({ topic: 'a', messages: [{ key: 'k', value: 'v', headers: { h: 'x' } }] });
    const received = await consume(kafka.consumer({ groupId: 'g', ...GROUP }), 'a');
    await vi.waitFor(() => expect(received).toHaveLength(1));
    expect(received[0]).toMatchObject({ offset: '0', key: Buffer.from('k'), value: Buffer.from('v') });
    expect(received[0]?.headers).toEqual({ h: Buffer.from('x') });
  });
});
