import { describe, expect, it, vi } from 'vitest';
import { metadata } from './api/03-metadata.js';
import { joinGroup } from './api/11-join-group.js';
import { createTopics } from './api/19-create-topics.js';
import { ApiKey, EmbeddedKafka, ErrorCode, fault, type InterceptedRequest } from './index.js';
import { WireClient } from './spec/wire-client.js';

const everything = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
};

const creating = (name: string) => ({
  topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
  timeoutMs: 1_000,
  validateOnly: false,
});

async function started(options: Parameters<typeof EmbeddedKafka.start>[0] = {}) {
  const broker = await EmbeddedKafka.start(options);
  const wire = await WireClient.connect(broker.brokers[0] ?? '');
  const describeTopic = async (name: string) => {
    const { topics } = await wire.call(metadata, { ...everything, topics: [{ name }] });
    return topics[0]?.partitions[0];
  };
  const topicNames = async () => (await wire.call(metadata, everything)).topics.map(({ name }) => name);
  return {
    broker,
    wire,
    describeTopic,
    topicNames,
    async [Symbol.asyncDispose]() {
      await wire[Symbol.asyncDispose]();
      await broker.close();
    },
  };
}

describe('EmbeddedKafka', () => {
  it('listens on the ports after the one it is given', async () => {
    const free = Number((await withClosed(EmbeddedKafka.start())).split(':')[1]);
    await using broker = await EmbeddedKafka.start({ brokers: 1, port: free });
    expect(broker.bootstrap).toBe(`127.0.0.1:${free}`);
  });

  it('says what is wrong with its options, and leaves nothing listening then', async () => {
    await expect(EmbeddedKafka.start({ brokers: 0 })).rejects.toThrow(
      'brokers must be a whole number from 1 on, not 0',
    );
    await expect(EmbeddedKafka.start({ topics: ['a b'] })).rejects.toThrow(
      /Topic name 'a b' holds characters/,
    );
    await using taken = await EmbeddedKafka.start();
    const port = Number(taken.bootstrap.split(':')[1]);
    await expect(EmbeddedKafka.start({ port })).rejects.toThrow(/EADDRINUSE/);
  });

  it('leaves no socket and no timer behind when it is closed, even with requests held back', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter(kind => kind.startsWith('TCP')).length;
    const before = sockets();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { broker, wire } = await started({ topics: ['t'] });
      const other = await WireClient.connect(broker.bootstrap);
      broker.intercept(ApiKey.Metadata, () => fault.delay(60_000));
      const held = wire.call(metadata, everything).catch((error: Error) => error.message);
      expect(await other.call(joinGroup, joining, 0)).toMatchObject({ errorCode: 0 });
      expect(vi.getTimerCount()).toBeGreaterThanOrEqual(3);
      await broker.close();
      expect(await held).toMatch(/closed/);
      await other.closed;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before));
  });
});

const joining = {
  groupId: 'g',
  sessionTimeoutMs: 60_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
};

async function withClosed(starting: Promise<EmbeddedKafka>): Promise<string> {
  const broker = await starting;
  const { bootstrap } = broker;
  await broker.close();
  return bootstrap;
}

describe('brokers', () => {
  it('hand what they led to living replicas when they stop, and are on the same port again later', async () => {
    await using cluster = await started({ brokers: 2 });
    const { broker, describeTopic } = cluster;
    broker.createTopic({ name: 't', assignment: [[2, 1]] });
    expect(await describeTopic('t')).toMatchObject({ leaderId: 2, leaderEpoch: 0, isrNodes: [2, 1] });
    const [, address] = broker.brokers;
    await broker.stopBroker(2);
    expect(await describeTopic('t')).toMatchObject({
      leaderId: 1,
      leaderEpoch: 1,
      isrNodes: [1],
      offlineReplicas: [2],
    });
    await expect(WireClient.connect(address ?? '')).rejects.toThrow(/ECONNREFUSED/);
    await broker.startBroker(2);
    expect(broker.brokers[1]).toBe(address);
    expect(await describeTopic('t')).toMatchObject({ leaderId: 1, isrNodes: [2, 1] });
    broker.moveLeader('t', 0, 2);
    expect(await describeTopic('t')).toMatchObject({ leaderId: 2, leaderEpoch: 2 });
    await using again = await WireClient.connect(address ?? '');
    expect((await again.call(metadata, everything)).topics).toHaveLength(1);
  });

  it('leave partitions without a leader where no other replica lives', async () => {
    await using cluster = await started({ brokers: 2 });
    const { broker, describeTopic } = cluster;
    broker.createTopic({ name: 't', assignment: [[2]] });
    await broker.stopBroker(2);
    expect(await describeTopic('t')).toMatchObject({
      errorCode: ErrorCode.LEADER_NOT_AVAILABLE,
      leaderId: -1,
    });
    expect(broker.leaderOf('t', 0)).toBe(-1);
    await broker.startBroker(2);
    expect(await describeTopic('t')).toMatchObject({ errorCode: 0, leaderId: 2 });
  });

  it('break their connections when they stop', async () => {
    await using cluster = await started({ brokers: 2 });
    await cluster.broker.stopBroker(1);
    await cluster.wire.closed;
  });

  it('may lead what they were no replica of, once told to', async () => {
    await using cluster = await started({ brokers: 2 });
    const { broker, describeTopic } = cluster;
    broker.createTopic({ name: 't', assignment: [[1]] });
    broker.moveLeader('t', 0, 2);
    expect(await describeTopic('t')).toMatchObject({ leaderId: 2, replicaNodes: [1, 2] });
    expect(() => broker.moveLeader('t', 1, 2)).toThrow(/no partition 1 of 't'/);
    expect(() => broker.moveLeader('t', 0, 3)).toThrow(/Broker 3 is not running/);
    await expect(broker.stopBroker(3)).rejects.toThrow(/no broker 3: ids run from 1 to 2/);
  });
});

describe('intercept', () => {
  it('shows the request to the interceptor, until it is removed', async () => {
    await using cluster = await started();
    const seen: InterceptedRequest[] = [];
    const remove = cluster.broker.intercept(ApiKey.CreateTopics, request => void seen.push(request));
    await cluster.wire.call(createTopics, creating('a'), 5);
    remove();
    await cluster.wire.call(createTopics, creating('b'), 5);
    expect(seen).toMatchObject([
      { apiKey: 19, apiVersion: 5, clientId: 'wire', nodeId: 1, body: { topics: [{ name: 'a' }] } },
    ]);
  });

  it('delays a request, and those behind it on the same connection', async () => {
    await using cluster = await started();
    const { broker, wire, topicNames } = cluster;
    broker.intercept(ApiKey.CreateTopics, () => fault.delay(30));
    const start = performance.now();
    void wire.call(createTopics, creating('a'));
    expect(await topicNames()).toEqual(['a']);
    expect(performance.now() - start).toBeGreaterThan(25);
  });

  it('waits for an interceptor that decides later', async () => {
    await using cluster = await started();
    const { broker, wire } = cluster;
    let decide = () => {};
    broker.intercept(ApiKey.CreateTopics, async () => {
      await new Promise<void>(resolve => (decide = resolve));
      return undefined;
    });
    const created = wire.call(createTopics, creating('a'));
    await using other = await WireClient.connect(broker.bootstrap);
    expect((await other.call(metadata, everything)).topics).toEqual([]);
    decide();
    expect((await created).topics[0]?.errorCode).toBe(0);
  });

  it('answers with an error, and does nothing', async () => {
    await using cluster = await started();
    const { broker, wire, topicNames } = cluster;
    broker.intercept(ApiKey.CreateTopics, () => fault.error(ErrorCode.POLICY_VIOLATION));
    const { topics } = await wire.call(createTopics, creating('a'));
    expect(topics).toMatchObject([{ name: 'a', errorCode: ErrorCode.POLICY_VIOLATION }]);
    expect(await topicNames()).toEqual([]);
  });

  it('drops a request, or only its response', async () => {
    await using cluster = await started();
    const { broker, wire, topicNames } = cluster;
    broker.intercept(ApiKey.CreateTopics, ({ apiVersion }) =>
      apiVersion === 7 ? fault.drop : fault.dropResponse,
    );
    void wire.call(createTopics, creating('dropped'), 7).catch(() => {});
    void wire.call(createTopics, creating('unanswered'), 5).catch(() => {});
    expect(await topicNames()).toEqual(['unanswered']);
    expect(wire.answered).toEqual([3]);
  });

  it('closes the connection, before or after the request is handled', async () => {
    await using cluster = await started();
    const { broker, topicNames } = cluster;
    broker.intercept(ApiKey.CreateTopics, ({ apiVersion }) =>
      apiVersion === 7 ? fault.close : fault.closeAfter,
    );
    for (const [name, version] of [
      ['before', 7],
      ['after', 5],
    ] as const) {
      await using client = await WireClient.connect(broker.bootstrap);
      await expect(client.call(createTopics, creating(name), version)).rejects.toThrow(/closed/);
    }
    expect(await topicNames()).toEqual(['after']);
  });

  it('closes the connection where an interceptor throws, and says why', async () => {
    const log = vi.fn<(message: string) => void>();
    await using cluster = await started({ log });
    cluster.broker.intercept(ApiKey.CreateTopics, () => {
      throw new Error('interceptor is broken');
    });
    await expect(cluster.wire.call(createTopics, creating('a'))).rejects.toThrow(/closed/);
    expect(log).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('interceptor is broken'));
  });
});
