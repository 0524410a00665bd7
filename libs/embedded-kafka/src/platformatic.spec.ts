import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedKafka } from './index.js';

let broker: EmbeddedKafka;
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  broker = await EmbeddedKafka.start();
});

afterEach(async () => {
  for (const client of open.splice(0).toReversed()) await client.close();
  await broker.close();
});

const base = () => ({ clientId: 'spec', bootstrapBrokers: broker.brokers, retries: 5, retryDelay: 20 });

function closing<T extends { close(): Promise<void> }>(client: T): T {
  open.push(client);
  return client;
}

const newAdmin = () => closing(new Admin(base()));
const newProducer = (idempotent: boolean) =>
  closing(new Producer({ ...base(), serializers: stringSerializers, idempotent }));
const newConsumer = (groupId: string) =>
  closing(new Consumer({ ...base(), groupId, deserializers: stringDeserializers, maxWaitTime: 100 }));

describe('with @platformatic/kafka', () => {
  it('creates, describes, grows and deletes topics', async () => {
    const admin = newAdmin();
    await admin.createTopics({ topics: ['a'], partitions: 2, replicas: 1 });
    await admin.createPartitions({ topics: [{ name: 'a', count: 3, assignments: null }] });
    const metadata = await admin.metadata({ topics: ['a'], forceUpdate: true });
    expect(metadata.topics.get('a')?.partitionsCount).toBe(3);
    expect(await admin.listTopics()).toEqual(['a']);
    await admin.deleteTopics({ topics: ['a'] });
    expect(await admin.listTopics()).toEqual([]);
  });

  it.each([false, true])('produces (idempotent: %s) and consumes in a group', async idempotent => {
    broker.createTopic('a');
    const producer = newProducer(idempotent);
    for (const value of ['1', '2', '3'])
      await producer.send({ messages: [{ topic: 'a', key: 'k', value, headers: { h: 'x' } }] });

    const consumer = newConsumer('g');
    const stream = await consumer.consume({ topics: ['a'], mode: 'earliest', autocommit: false });
    const values: string[] = [];
    for await (const message of stream) {
      values.push(`${message.offset}:${message.value}:${message.headers.get('h')}`);
      await message.commit();
      if (values.length === 3) break;
    }
    expect(values).toEqual(['0:1:x', '1:2:x', '2:3:x']);
    const committed = await consumer.listCommittedOffsets({ topics: [{ topic: 'a', partitions: [0] }] });
    expect(committed.get('a')).toEqual([3n]);
  });
});
