import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedKafka } from './index.js';

let broker: EmbeddedKafka;
const open: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  broker = await EmbeddedKafka.start({ brokers: 2 });
});

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
  await broker.close();
});

const base = () => ({ clientId: 'spec', bootstrapBrokers: broker.brokers, retries: 5, retryDelay: 20 });

function newAdmin() {
  const admin = new Admin(base());
  open.push(() => admin.close());
  return admin;
}

function newProducer(options: { idempotent?: boolean; acks?: number } = {}) {
  const producer = new Producer({ ...base(), serializers: stringSerializers, ...options });
  open.push(() => producer.close());
  return producer;
}

function newConsumer(groupId: string) {
  const consumer = new Consumer({ ...base(), groupId, deserializers: stringDeserializers, maxWaitTime: 100 });
  open.push(async () => consumer.close(true));
  return consumer;
}

describe('with @platformatic/kafka', () => {
  it('creates, describes, grows and deletes topics', async () => {
    const admin = newAdmin();
    await admin.createTopics({ topics: ['a'], partitions: 2, replicas: 1 });
    await admin.createPartitions({ topics: [{ name: 'a', count: 3, assignments: null }] });
    const metadata = await admin.metadata({ topics: ['a'], forceUpdate: true });
    expect(metadata.topics.get('a')?.partitions.map(({ leader }) => leader)).toEqual([1, 2, 1]);
    expect(await admin.listTopics()).toEqual(['a']);
    await admin.deleteTopics({ topics: ['a'] });
    expect(await admin.listTopics()).toEqual([]);
  });

  it.each([
    ['plainly', {}],
    ['idempotently', { idempotent: true }],
    ['with acks=1', { acks: 1 }],
  ])('produces %s to two brokers, consumes and commits in a group', async (_, options) => {
    broker.createTopic({ name: 'a', partitions: 2, replicationFactor: 1 });
    const producer = newProducer(options);
    for (const value of ['0', '1', '2', '3'])
      await producer.send({
        messages: [{ topic: 'a', key: 'k', value, headers: { h: 'x' }, partition: Number(value) % 2 }],
      });

    const consumer = newConsumer('g');
    const stream = await consumer.consume({ topics: ['a'], mode: 'earliest', autocommit: false });
    const received: string[] = [];
    for await (const message of stream) {
      const { partition, offset, key, value, headers } = message;
      received.push([partition, offset, key, value, headers.get('h')].join());
      await message.commit();
      if (received.length === 4) break;
    }
    expect(received.toSorted()).toEqual(['0,0,k,0,x', '0,1,k,2,x', '1,0,k,1,x', '1,1,k,3,x']);
    const committed = await consumer.listCommittedOffsets({ topics: [{ topic: 'a', partitions: [0, 1] }] });
    expect(committed.get('a')).toEqual([2n, 2n]);
  });

  it('shares partitions between two members', async () => {
    broker.createTopic({ name: 'a', partitions: 4 });
    const options = { topics: ['a'], autocommit: false, heartbeatInterval: 50 };
    const one = newConsumer('g');
    await one.consume(options);
    const two = newConsumer('g');
    const shared = new Promise<void>(resolve => {
      one.on('consumer:group:join', ({ assignments }) => {
        if (assignments?.[0]?.partitions.length === 2) resolve();
      });
    });
    await two.consume(options);
    await shared;
    const partitions = [one, two].flatMap(({ assignments }) => assignments?.[0]?.partitions ?? []);
    expect(new Set(partitions)).toEqual(new Set([0, 1, 2, 3]));
    const admin = newAdmin();
    const groups = await admin.describeGroups({ groups: ['g'] });
    expect(groups.get('g')).toMatchObject({ state: 'STABLE', protocolType: 'consumer' });
    expect((await admin.listGroups()).has('g')).toBe(true);
  });

  it('looks offsets up, and tails without a group', async () => {
    broker.createTopic('a');
    const producer = newProducer();
    await producer.send({ messages: [{ topic: 'a', value: 'old' }] });
    const consumer = newConsumer('unused');
    expect((await consumer.listOffsets({ topics: ['a'] })).get('a')).toEqual([1n]);
    const metadata = await consumer.metadata({ topics: ['a'] });
    const { leader = -1 } = metadata.topics.get('a')?.partitions[0] ?? {};
    const fetched = consumer.fetch({
      node: leader,
      maxWaitTime: 5_000,
      topics: [
        {
          topicId: 'a',
          partitions: [
            {
              partition: 0,
              fetchOffset: 1n,
              partitionMaxBytes: 1_000_000,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
            },
          ],
        },
      ],
    });
    await producer.send({ messages: [{ topic: 'a', value: 'new' }] });
    const { responses } = await fetched;
    expect(responses[0]?.partitions[0]?.records?.[0]?.firstOffset).toBe(1n);
  });
});
