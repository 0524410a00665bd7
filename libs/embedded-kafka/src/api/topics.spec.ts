import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedKafka, ErrorCode } from '../index.js';
import { WireClient } from '../spec/wire-client.js';
import { metadata } from './03-metadata.js';
import { createTopics } from './19-create-topics.js';
import { deleteTopics } from './20-delete-topics.js';
import { alterConfigs } from './33-alter-configs.js';
import { createPartitions } from './37-create-partitions.js';
import { describeConfigs } from './32-describe-configs.js';
import { incrementalAlterConfigs } from './44-incremental-alter-configs.js';

const NO_ID = '0'.repeat(32);
const TOPIC = 2;
const BROKER = 4;

let broker: EmbeddedKafka;
let wire: WireClient;

beforeEach(async () => {
  broker = await EmbeddedKafka.start({ brokers: 3 });
  wire = await WireClient.connect(broker.brokers[0] ?? '');
});

afterEach(async () => {
  await wire[Symbol.asyncDispose]();
  await broker.close();
});

interface Wanted {
  name: string;
  numPartitions?: number;
  replicationFactor?: number;
  configs?: Record<string, string | null>;
  assignments?: number[][];
}

const creating = (topics: Wanted[], validateOnly = false) => ({
  topics: topics.map(
    ({ name, numPartitions = 1, replicationFactor = 1, configs = {}, assignments = [] }) => ({
      name,
      numPartitions,
      replicationFactor,
      assignments: assignments.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
      configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
    }),
  ),
  timeoutMs: 1_000,
  validateOnly,
});

async function create(wanted: Wanted, validateOnly = false) {
  return (await wire.call(createTopics, creating([wanted], validateOnly))).topics[0];
}

async function names(): Promise<string[]> {
  const all = { topics: null, allowAutoTopicCreation: false, includeClusterAuthorizedOperations: false };
  const { topics } = await wire.call(metadata, { ...all, includeTopicAuthorizedOperations: false });
  return topics.map(({ name }) => name);
}

async function partitionsOf(name: string) {
  const asked = {
    topics: [{ name }],
    allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false,
  };
  const { topics } = await wire.call(metadata, { ...asked, includeTopicAuthorizedOperations: false });
  return topics[0]?.partitions;
}

describe('CreateTopics', () => {
  it('creates in every version, with the configs asked for', async () => {
    for (let version = 2; version <= 7; version++) {
      const wanted = { name: `t${version}`, numPartitions: 2, configs: { 'retention.ms': '1' } };
      const { topics } = await wire.call(createTopics, creating([wanted]), version);
      expect(topics[0]).toMatchObject({ name: wanted.name, errorCode: 0 });
    }
    expect(await names()).toEqual(['t2', 't3', 't4', 't5', 't6', 't7']);
  });

  it('spreads replicas over the brokers, or puts them where it is told', async () => {
    await create({ name: 'spread', numPartitions: 4, replicationFactor: 2 });
    const spread = await partitionsOf('spread');
    expect(spread?.map(({ leaderId }) => leaderId)).toEqual([1, 2, 3, 1]);
    expect(spread?.map(({ replicaNodes }) => replicaNodes)).toEqual([
      [1, 2],
      [2, 3],
      [3, 1],
      [1, 2],
    ]);
    await create({ name: 'placed', numPartitions: -1, replicationFactor: -1, assignments: [[3], [2, 1]] });
    expect((await partitionsOf('placed'))?.map(({ replicaNodes }) => replicaNodes)).toEqual([[3], [2, 1]]);
  });

  it.each<[what: string, wanted: Wanted, error: keyof typeof ErrorCode]>([
    ['a name with a space', { name: 'a b' }, 'INVALID_TOPIC_EXCEPTION'],
    ['an empty name', { name: '' }, 'INVALID_TOPIC_EXCEPTION'],
    ['..', { name: '..' }, 'INVALID_TOPIC_EXCEPTION'],
    ['a name of 250 characters', { name: 'x'.repeat(250) }, 'INVALID_TOPIC_EXCEPTION'],
    ['a name that is taken', { name: 'taken' }, 'TOPIC_ALREADY_EXISTS'],
    ['no partitions', { name: 'a', numPartitions: 0 }, 'INVALID_PARTITIONS'],
    ['partitions beyond reason', { name: 'a', numPartitions: 2 ** 31 - 1 }, 'INVALID_PARTITIONS'],
    ['more replicas than brokers', { name: 'a', replicationFactor: 4 }, 'INVALID_REPLICATION_FACTOR'],
    [
      'an unknown broker',
      { name: 'a', numPartitions: -1, replicationFactor: -1, assignments: [[9]] },
      'INVALID_REPLICA_ASSIGNMENT',
    ],
    ['both replicas and their number', { name: 'a', assignments: [[1]] }, 'INVALID_REQUEST'],
    ['an unknown config', { name: 'a', configs: { nonsense: '1' } }, 'INVALID_CONFIG'],
    ['a config that every object has', { name: 'a', configs: { constructor: '1' } }, 'INVALID_CONFIG'],
    ['a wrong config', { name: 'a', configs: { 'message.timestamp.type': 'Never' } }, 'INVALID_CONFIG'],
    ['a null config', { name: 'a', configs: { 'retention.ms': null } }, 'INVALID_CONFIG'],
  ])('refuses %s', async (_, wanted, error) => {
    broker.createTopic('taken');
    expect(await create(wanted)).toMatchObject({
      errorCode: ErrorCode[error],
      errorMessage: expect.any(String),
    });
    expect(await names()).toEqual(['taken']);
  });

  it('refuses a name that comes twice, once for both', async () => {
    const { topics } = await wire.call(createTopics, creating([{ name: 'a' }, { name: 'a' }]));
    expect(topics).toMatchObject([{ name: 'a', errorCode: ErrorCode.INVALID_REQUEST }]);
    expect(await names()).toEqual([]);
  });

  it('only checks where it is asked to', async () => {
    expect(await create({ name: 'a' }, true)).toMatchObject({ errorCode: 0 });
    expect(await names()).toEqual([]);
  });
});

describe('Metadata', () => {
  it('answers in every version, and never creates a topic', async () => {
    broker.createTopic('a');
    for (let version = 0; version <= 9; version++) {
      const asked = {
        topics: [{ name: 'a' }, { name: 'b' }, { name: 'c d' }],
        includeTopicAuthorizedOperations: false,
      };
      const flags = { allowAutoTopicCreation: true, includeClusterAuthorizedOperations: false };
      const { brokers, topics } = await wire.call(metadata, { ...asked, ...flags }, version);
      expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(broker.brokers);
      expect(topics).toMatchObject([
        { name: 'a', errorCode: 0, partitions: [{ partitionIndex: 0, leaderId: 1 }] },
        { name: 'b', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] },
        { name: 'c d', errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, partitions: [] },
      ]);
    }
    expect(await names()).toEqual(['a']);
  });
});

describe('DeleteTopics', () => {
  it('deletes by name in every version, and by id from version 6 on', async () => {
    for (let version = 1; version <= 6; version++) {
      broker.createTopic('a');
      const asked = { topics: [{ name: 'a', topicId: NO_ID }], topicNames: ['a'], timeoutMs: 1 };
      expect((await wire.call(deleteTopics, asked, version)).responses).toMatchObject([
        { name: 'a', errorCode: 0 },
      ]);
      expect((await wire.call(deleteTopics, asked, version)).responses).toMatchObject([
        { name: 'a', errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
      ]);
    }
    const created = await create({ name: 'b' });
    const byId = (topicId = NO_ID) => ({ topics: [{ name: null, topicId }], topicNames: [], timeoutMs: 1 });
    expect((await wire.call(deleteTopics, byId())).responses[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    expect((await wire.call(deleteTopics, byId(created?.topicId))).responses).toMatchObject([
      { name: 'b', errorCode: 0 },
    ]);
    expect(await names()).toEqual([]);
  });
});

describe('CreatePartitions', () => {
  const growing = (count: number, validateOnly = false, name = 'a') => ({
    topics: [{ name, count, assignments: null }],
    timeoutMs: 1,
    validateOnly,
  });

  it('adds partitions in every version, and takes none away', async () => {
    broker.createTopic('a');
    const grow = async (...args: Parameters<typeof growing>) =>
      (await wire.call(createPartitions, growing(...args))).results[0]?.errorCode;
    for (let version = 0; version <= 3; version++) {
      const { results } = await wire.call(createPartitions, growing(version + 2), version);
      expect(results).toMatchObject([{ name: 'a', errorCode: 0 }]);
    }
    expect(await grow(5)).toBe(ErrorCode.INVALID_PARTITIONS);
    expect(await grow(6, false, 'none')).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await grow(6, true)).toBe(0);
    expect((await partitionsOf('a'))?.map(({ leaderId }) => leaderId)).toEqual([1, 2, 3, 1, 2]);
  });
});

describe('configs', () => {
  async function configsOf(
    resourceName: string,
    configurationKeys: string[] | null = null,
    resourceType = TOPIC,
  ) {
    const asked = { resources: [{ resourceType, resourceName, configurationKeys }] };
    const flags = { includeSynonyms: false, includeDocumentation: false };
    return (await wire.call(describeConfigs, { ...asked, ...flags })).results[0];
  }
  const valueOf = async (name: string) => (await configsOf('a', [name]))?.configs[0]?.value;

  beforeEach(() =>
    broker.createTopic({ name: 'a', configs: { 'cleanup.policy': 'compact', 'retention.ms': '5' } }),
  );

  it('are described with where they come from, in every version', async () => {
    for (let version = 1; version <= 4; version++) {
      const resources = [
        { resourceType: TOPIC, resourceName: 'a', configurationKeys: ['retention.ms', 'segment.ms'] },
      ];
      const flags = { includeSynonyms: false, includeDocumentation: false };
      const { results } = await wire.call(describeConfigs, { resources, ...flags }, version);
      expect(results[0]?.configs).toMatchObject([
        { name: 'retention.ms', value: '5', configSource: 1 },
        { name: 'segment.ms', value: '604800000', configSource: 5 },
      ]);
    }
    expect((await configsOf('a'))?.configs.length).toBeGreaterThan(25);
    expect((await configsOf('1', ['auto.create.topics.enable'], BROKER))?.configs).toMatchObject([
      { value: 'false' },
    ]);
  });

  it('of what does not exist are refused', async () => {
    expect(await configsOf('none')).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
    expect(await configsOf('9', null, BROKER)).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST });
    expect(await configsOf('a', null, 99)).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST });
  });

  it('are replaced as a whole by AlterConfigs, or not at all', async () => {
    const alter = async (configs: { name: string; value: string | null }[], version: number) =>
      (
        await wire.call(
          alterConfigs,
          { resources: [{ resourceType: TOPIC, resourceName: 'a', configs }], validateOnly: false },
          version,
        )
      ).responses[0]?.errorCode;
    for (let version = 0; version <= 2; version++)
      expect(await alter([{ name: 'retention.ms', value: String(version) }], version)).toBe(0);
    expect([await valueOf('retention.ms'), await valueOf('cleanup.policy')]).toEqual(['2', 'delete']);
    expect(
      await alter(
        [
          { name: 'retention.ms', value: '9' },
          { name: 'x', value: '' },
        ],
        2,
      ),
    ).toBe(ErrorCode.INVALID_CONFIG);
    expect(await valueOf('retention.ms')).toBe('2');
  });

  it('are changed one by one by IncrementalAlterConfigs', async () => {
    const change = async (name: string, configOperation: number, value: string | null, version = 1) => {
      const resources = [
        { resourceType: TOPIC, resourceName: 'a', configs: [{ name, configOperation, value }] },
      ];
      return (await wire.call(incrementalAlterConfigs, { resources, validateOnly: false }, version))
        .responses[0]?.errorCode;
    };
    expect(await change('max.message.bytes', 0, '77', 0)).toBe(0);
    expect(await change('retention.ms', 1, null)).toBe(0);
    expect(await change('cleanup.policy', 2, 'delete')).toBe(0);
    expect(await valueOf('max.message.bytes')).toBe('77');
    expect(await valueOf('retention.ms')).toBe('604800000');
    expect(await valueOf('cleanup.policy')).toBe('compact,delete');
    expect(await change('cleanup.policy', 3, 'compact')).toBe(0);
    expect(await valueOf('cleanup.policy')).toBe('delete');
    expect(await change('retention.ms', 2, '1')).toBe(ErrorCode.INVALID_CONFIG);
    expect(await change('retention.ms', 9, '1')).toBe(ErrorCode.INVALID_CONFIG);
  });
});
