import {
  CompressionTypes,
  ConfigResourceTypes,
  Kafka,
  logLevel,
  type ConsumerConfig,
  type KafkaMessage,
} from 'kafkajs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiKey, EmbeddedKafka, ErrorCode, fault, type EmbeddedKafkaOptions } from './index.js';

const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function started(options: EmbeddedKafkaOptions = {}) {
  const broker = await EmbeddedKafka.start(options);
  open.push(() => broker.close());
  const kafka = new Kafka({
    clientId: 'spec',
    brokers: broker.brokers,
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 10 },
  });
  return { broker, kafka };
}

async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(client: T) {
  await client.connect();
  open.push(() => client.disconnect());
  return client;
}

/** A running member of a group, with what it received and which partitions it has. */
async function member(kafka: Kafka, topic: string, config: Partial<ConsumerConfig> = {}) {
  const consumer = kafka.consumer({
    groupId: 'g',
    sessionTimeout: 6_000,
    heartbeatInterval: 50,
    maxWaitTimeInMs: 100,
    ...config,
  });
  const received: KafkaMessage[] = [];
  const state = { consumer, received, partitions: [] as readonly number[] };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    state.partitions = payload.memberAssignment[topic] ?? [];
  });
  await connected(consumer);
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => void received.push(message) });
  return state;
}

const values = (messages: KafkaMessage[]) => messages.map(({ value }) => String(value)).toSorted();

describe('with kafkajs', () => {
  it('creates, describes, grows and deletes topics', async () => {
    const { kafka } = await started();
    const admin = await connected(kafka.admin());
    expect(await admin.createTopics({ topics: [{ topic: 'a', numPartitions: 2 }] })).toBe(true);
    expect(await admin.createTopics({ topics: [{ topic: 'a' }] })).toBe(false);
    await admin.createPartitions({ topicPartitions: [{ topic: 'a', count: 3 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ['a'] });
    expect(topics[0]?.partitions.map(({ leader }) => leader)).toEqual([1, 1, 1]);
    await admin.deleteTopics({ topics: ['a'] });
    expect(await admin.listTopics()).toEqual([]);
  });

  it('reads and alters configs, deletes records and looks offsets up', async () => {
    const { broker, kafka } = await started();
    broker.createTopic('a');
    const admin = await connected(kafka.admin());
    const producer = await connected(kafka.producer());
    await producer.send({
      topic: 'a',
      messages: ['0', '1', '2'].map(value => ({ value, timestamp: `${value}000` })),
    });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        { type: ConfigResourceTypes.TOPIC, name: 'a', configEntries: [{ name: 'retention.ms', value: '1' }] },
      ],
    });
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: 'a', configNames: ['retention.ms'] }],
    });
    expect(described.resources[0]?.configEntries).toMatchObject([
      { configName: 'retention.ms', configValue: '1' },
    ]);
    expect(await admin.fetchTopicOffsetsByTimestamp('a', 1_000)).toEqual([{ partition: 0, offset: '1' }]);
    await admin.deleteTopicRecords({ topic: 'a', partitions: [{ partition: 0, offset: '2' }] });
    expect(await admin.fetchTopicOffsets('a')).toMatchObject([{ low: '2', high: '3' }]);
  });

  it.each([
    ['plainly', {}, -1],
    ['idempotently', { idempotent: true, maxInFlightRequests: 1 }, -1],
    ['with acks=1', {}, 1],
    ['with acks=0', {}, 0],
  ])('produces %s, and consumes keys, values and headers in a group', async (_, options, acks) => {
    const { broker, kafka } = await started();
    broker.createTopic('a');
    const producer = await connected(kafka.producer(options));
    for (const value of ['1', '2'])
      await producer.send({ topic: 'a', acks, messages: [{ key: 'k', value, headers: { h: 'x' } }] });
    const { received } = await member(kafka, 'a');
    await vi.waitFor(() => expect(values(received)).toEqual(['1', '2']));
    expect(received[0]).toMatchObject({
      offset: '0',
      key: Buffer.from('k'),
      headers: { h: Buffer.from('x') },
    });
  });

  it('carries gzipped batches through untouched', async () => {
    const { broker, kafka } = await started();
    broker.createTopic('a');
    const producer = await connected(kafka.producer());
    await producer.send({
      topic: 'a',
      compression: CompressionTypes.GZIP,
      messages: [{ value: 'x'.repeat(5_000) }],
    });
    const { received } = await member(kafka, 'a');
    await vi.waitFor(() => expect(values(received)).toEqual(['x'.repeat(5_000)]));
  });

  it('shares partitions between two members, and gives all to the one that stays', async () => {
    const { broker, kafka } = await started();
    broker.createTopic({ name: 'a', partitions: 4 });
    const one = await member(kafka, 'a');
    const two = await member(kafka, 'a');
    await vi.waitFor(() => expect([one.partitions.length, two.partitions.length]).toEqual([2, 2]), 5_000);
    expect(new Set([...one.partitions, ...two.partitions])).toEqual(new Set([0, 1, 2, 3]));
    await two.consumer.disconnect();
    await vi.waitFor(() => expect(one.partitions).toHaveLength(4), 5_000);
  });

  it('gives the partitions of a member that falls silent to the others', async () => {
    const { broker, kafka } = await started({ minSessionTimeoutMs: 100 });
    broker.createTopic({ name: 'a', partitions: 2 });
    const silent = new Set<string>();
    broker.intercept(ApiKey.Heartbeat, ({ clientId }) => (silent.has(clientId) ? fault.drop : undefined));
    broker.intercept(ApiKey.JoinGroup, ({ clientId }) => (silent.has(clientId) ? fault.drop : undefined));
    const mute = new Kafka({
      clientId: 'mute',
      brokers: broker.brokers,
      logLevel: logLevel.NOTHING,
      requestTimeout: 500,
    });
    const one = await member(mute, 'a', { sessionTimeout: 400 });
    const two = await member(kafka, 'a');
    await vi.waitFor(() => expect([one.partitions.length, two.partitions.length]).toEqual([1, 1]), 5_000);
    silent.add('mute');
    await vi.waitFor(() => expect(two.partitions).toHaveLength(2), 5_000);
    silent.clear();
  });

  it('goes on from committed offsets, and keeps their metadata', async () => {
    const { broker, kafka } = await started();
    broker.createTopic('a');
    const producer = await connected(kafka.producer());
    await producer.send({ topic: 'a', messages: ['0', '1', '2'].map(value => ({ value })) });
    const first = await member(kafka, 'a');
    await vi.waitFor(() => expect(first.received).toHaveLength(3));
    const commit = (metadata: string) =>
      first.consumer.commitOffsets([{ topic: 'a', partition: 0, offset: '1', metadata }]);
    await commit('ledger');
    await expect(commit('x'.repeat(4_097))).rejects.toThrow(
      /metadata field of the offset request was too large/,
    );
    await first.consumer.disconnect();

    const admin = await connected(kafka.admin());
    expect(await admin.fetchOffsets({ groupId: 'g', topics: ['a'] })).toEqual([
      { topic: 'a', partitions: [{ partition: 0, offset: '1', metadata: 'ledger' }] },
    ]);
    const second = await member(kafka, 'a');
    await vi.waitFor(() => expect(values(second.received)).toEqual(['1', '2']));
    await second.consumer.disconnect();
    await admin.deleteGroups(['g']);
    expect((await admin.listGroups()).groups).toEqual([]);
  });

  it('follows leaders that move and brokers that stop and start, and loses nothing', async () => {
    const { broker, kafka } = await started({ brokers: 3 });
    broker.createTopic({ name: 'a', partitions: 3, replicationFactor: 3 });
    const producer = await connected(kafka.producer());
    const { received } = await member(kafka, 'a');
    const sent: string[] = [];
    const send = async () => {
      const messages = [0, 1, 2].map(partition => ({
        value: `${sent.length + partition}`.padStart(3, '0'),
        partition,
      }));
      for (const message of messages) await producer.send({ topic: 'a', messages: [message] });
      sent.push(...messages.map(({ value }) => value));
    };
    await send();
    broker.moveLeader('a', 0, 3);
    broker.moveLeader('a', 1, 1);
    await send();
    const stopped = broker.coordinatorOf('g');
    await broker.stopBroker(stopped);
    await send();
    await broker.startBroker(stopped);
    await send();
    await vi.waitFor(() => expect([...new Set(values(received))]).toEqual(sent), 10_000);
  });

  it('retries what an injected fault made fail', async () => {
    const { broker, kafka } = await started();
    broker.createTopic('a');
    const producer = await connected(kafka.producer());
    const faults = [fault.error(ErrorCode.NOT_LEADER_OR_FOLLOWER), fault.close, fault.closeAfter];
    broker.intercept(ApiKey.Produce, () => faults.shift());
    await producer.send({ topic: 'a', messages: [{ value: 'v' }] });
    const { received } = await member(kafka, 'a');
    await vi.waitFor(() => expect(values(received)).toEqual(['v', 'v']));
  });
});
