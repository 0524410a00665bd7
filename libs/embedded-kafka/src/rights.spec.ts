import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { produce } from './api/00-produce.js';
import { fetch } from './api/01-fetch.js';
import { listOffsets } from './api/02-list-offsets.js';
import { metadata } from './api/03-metadata.js';
import { offsetCommit } from './api/08-offset-commit.js';
import { offsetFetch } from './api/09-offset-fetch.js';
import { findCoordinator } from './api/10-find-coordinator.js';
import { joinGroup } from './api/11-join-group.js';
import { heartbeat } from './api/12-heartbeat.js';
import { leaveGroup } from './api/13-leave-group.js';
import { syncGroup } from './api/14-sync-group.js';
import { describeGroups } from './api/15-describe-groups.js';
import { listGroups } from './api/16-list-groups.js';
import { createTopics } from './api/19-create-topics.js';
import { deleteTopics } from './api/20-delete-topics.js';
import { deleteRecords } from './api/21-delete-records.js';
import { initProducerId } from './api/22-init-producer-id.js';
import { describeConfigs } from './api/32-describe-configs.js';
import { alterConfigs } from './api/33-alter-configs.js';
import { createPartitions } from './api/37-create-partitions.js';
import { deleteGroups } from './api/42-delete-groups.js';
import { incrementalAlterConfigs } from './api/44-incremental-alter-configs.js';
import { EmbeddedKafka, ErrorCode, type DeniedRight, type Operation } from './index.js';
import { batch } from './spec/batches.js';
import { WireClient } from './spec/wire-client.js';

const {
  TOPIC_AUTHORIZATION_FAILED: TOPIC,
  GROUP_AUTHORIZATION_FAILED: GROUP,
  CLUSTER_AUTHORIZATION_FAILED: CLUSTER,
} = ErrorCode;

let kafka: EmbeddedKafka;
let wire: WireClient;

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({ topics: ['a', 'b'] });
  wire = await WireClient.connect(kafka.bootstrap);
});

afterEach(async () => {
  await wire[Symbol.asyncDispose]();
  await kafka.close();
});

const member = { groupId: 'g', memberId: 'm', groupInstanceId: null, generationId: 1 };
const resources = ['a', 'b'].map(resourceName => ({ resourceType: 2, resourceName }));

/** The codes that each API answers with, asked about the topics a and b, or about the group g. */
const APIS: Record<string, () => Promise<number[]>> = {
  async Produce() {
    const topicData = ['a', 'b'].map(name => ({
      name,
      partitionData: [{ index: 0, records: [batch()] }],
    }));
    const asked = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData };
    const { responses } = await wire.call(produce, asked);
    return responses.flatMap(({ partitionResponses }) => partitionResponses).map(errorCode);
  },
  async Fetch() {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000 }];
    const { responses } = await wire.call(fetch, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1_000,
      isolationLevel: 0,
      sessionId: 0,
      topics: ['a', 'b'].map(topic => ({ topic, partitions })),
      forgottenTopicsData: [],
      rackId: '',
    });
    return responses.flatMap(({ partitions: answered }) => answered).map(errorCode);
  },
  async ListOffsets() {
    const partitions = [{ partitionIndex: 0, timestamp: -1 }];
    const asked = { replicaId: -1, isolationLevel: 0, topics: both.map(topic => ({ ...topic, partitions })) };
    const { topics } = await wire.call(listOffsets, asked);
    return topics.flatMap(({ partitions: answered }) => answered).map(errorCode);
  },
  async Metadata() {
    return (await wire.call(metadata, { ...nothing, topics: both })).topics.map(errorCode);
  },
  async OffsetCommit() {
    const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: null }];
    const topics = both.map(topic => ({ ...topic, partitions }));
    const asked = { groupId: 'g', memberId: '', groupInstanceId: null, topics };
    return (await wire.call(offsetCommit, asked)).topics.flatMap(topic => topic.partitions).map(errorCode);
  },
  async OffsetFetch() {
    const topics = both.map(({ name }) => ({ name, partitionIndexes: [0] }));
    const asked = { groupId: '', topics: [], groups: [{ groupId: 'g', topics }], requireStable: false };
    const [group] = (await wire.call(offsetFetch, asked)).groups;
    if (group?.errorCode) return [group.errorCode];
    return group?.topics.flatMap(({ partitions }) => partitions).map(errorCode) ?? [];
  },
  async FindCoordinator() {
    const asked = { key: '', keyType: 0, coordinatorKeys: ['g'] };
    return (await wire.call(findCoordinator, asked)).coordinators.map(errorCode);
  },
  async JoinGroup() {
    const protocols = [{ name: 'range', metadata: Buffer.alloc(0) }];
    const asked = { ...member, memberId: '', sessionTimeoutMs: 10_000, protocolType: 'consumer', protocols };
    return [(await wire.call(joinGroup, asked)).errorCode];
  },
  SyncGroup: async () => [(await wire.call(syncGroup, { ...member, assignments: [] })).errorCode],
  Heartbeat: async () => [(await wire.call(heartbeat, member)).errorCode],
  async LeaveGroup() {
    return [(await wire.call(leaveGroup, { groupId: 'g', memberId: '', members: [member] })).errorCode];
  },
  async DescribeGroups() {
    const asked = { groups: ['g'], includeAuthorizedOperations: false };
    return (await wire.call(describeGroups, asked)).groups.map(errorCode);
  },
  DeleteGroups: async () => (await wire.call(deleteGroups, { groupsNames: ['g'] })).results.map(errorCode),
  async CreateTopics() {
    const sizes = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const topics = both.map(topic => ({ ...topic, ...sizes }));
    return (await wire.call(createTopics, { topics, timeoutMs: 1_000, validateOnly: false })).topics.map(
      errorCode,
    );
  },
  async DeleteTopics() {
    const topics = both.map(topic => ({ ...topic, topicId: '0'.repeat(32) }));
    return (await wire.call(deleteTopics, { topics, topicNames: [], timeoutMs: 1_000 })).responses.map(
      errorCode,
    );
  },
  async DeleteRecords() {
    const topics = both.map(topic => ({ ...topic, partitions: [{ partitionIndex: 0, offset: 0 }] }));
    return (await wire.call(deleteRecords, { topics, timeoutMs: 1_000 })).topics
      .flatMap(({ partitions }) => partitions)
      .map(errorCode);
  },
  async CreatePartitions() {
    const topics = both.map(topic => ({ ...topic, count: 2, assignments: null }));
    return (await wire.call(createPartitions, { topics, timeoutMs: 1_000, validateOnly: false })).results.map(
      errorCode,
    );
  },
  async DescribeConfigs() {
    const asked = resources.map(resource => ({ ...resource, configurationKeys: null }));
    return (
      await wire.call(describeConfigs, {
        resources: asked,
        includeSynonyms: false,
        includeDocumentation: false,
      })
    ).results.map(errorCode);
  },
  async AlterConfigs() {
    const asked = resources.map(resource => ({ ...resource, configs: [] }));
    return (await wire.call(alterConfigs, { resources: asked, validateOnly: false })).responses.map(
      errorCode,
    );
  },
  async IncrementalAlterConfigs() {
    const asked = resources.map(resource => ({ ...resource, configs: [] }));
    return (
      await wire.call(incrementalAlterConfigs, { resources: asked, validateOnly: false })
    ).responses.map(errorCode);
  },
  async InitProducerId() {
    return [(await wire.call(initProducerId, { transactionalId: null, transactionTimeoutMs: 0 })).errorCode];
  },
};

const both = [{ name: 'a' }, { name: 'b' }];
const nothing = {
  topics: null,
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
};
const errorCode = (answer: { errorCode: number }) => answer.errorCode;
const ask = (api: string) => APIS[api]?.() ?? Promise.reject(new Error(`no ${api}`));

describe('deny', () => {
  it.each<[api: string, operation: Operation]>([
    ['Produce', 'Write'],
    ['Fetch', 'Read'],
    ['ListOffsets', 'Describe'],
    ['Metadata', 'Describe'],
    ['OffsetCommit', 'Read'],
    ['OffsetFetch', 'Describe'],
    ['DeleteTopics', 'Delete'],
    ['DeleteRecords', 'Delete'],
    ['CreatePartitions', 'Alter'],
    ['DescribeConfigs', 'DescribeConfigs'],
    ['AlterConfigs', 'AlterConfigs'],
    ['IncrementalAlterConfigs', 'AlterConfigs'],
  ])(
    'refuses %s where the right to %s is missing on a topic, and for no other topic',
    async (api, operation) => {
      const giveBack = kafka.deny({ operation, resource: { topic: 'a' } });
      expect(await ask(api)).toEqual([TOPIC, 0]);
      giveBack();
      expect((await ask(api))[0]).not.toBe(TOPIC);
    },
  );

  it.each<[api: string, operation: Operation]>([
    ['FindCoordinator', 'Describe'],
    ['JoinGroup', 'Read'],
    ['SyncGroup', 'Read'],
    ['Heartbeat', 'Read'],
    ['LeaveGroup', 'Read'],
    ['OffsetFetch', 'Describe'],
    ['DescribeGroups', 'Describe'],
    ['DeleteGroups', 'Delete'],
  ])('refuses %s where the right to %s is missing on the group', async (api, operation) => {
    kafka.deny({ operation, resource: { group: 'another' } });
    expect(await ask(api)).not.toContain(GROUP);
    kafka.deny({ operation, resource: { group: 'g' } });
    expect(await ask(api)).toEqual([GROUP]);
  });

  it('refuses every partition of a commit where the group may not be read', async () => {
    kafka.deny({ operation: 'Read', resource: { group: 'g' } });
    expect(await ask('OffsetCommit')).toEqual([GROUP, GROUP]);
  });

  it('refuses to create topics only where neither the cluster nor the topic gives the right', async () => {
    kafka.deny({ operation: 'Create', resource: 'cluster' });
    kafka.createTopic('c');
    kafka.deny({ operation: 'Create', resource: { topic: 'a' } });
    expect(await ask('CreateTopics')).toEqual([TOPIC, ErrorCode.TOPIC_ALREADY_EXISTS]);
  });

  it('refuses an idempotent producer that may write nowhere', async () => {
    kafka.deny({ operation: 'IdempotentWrite', resource: 'cluster' });
    expect(await ask('InitProducerId')).toEqual([0]);
    kafka.deny({ operation: 'Write', resource: { topic: '*' } });
    expect(await ask('InitProducerId')).toEqual([CLUSTER]);
  });

  it('refuses to describe the configs of brokers by the cluster', async () => {
    kafka.deny({ operation: 'DescribeConfigs', resource: 'cluster' });
    const broker = { resourceType: 4, resourceName: '1', configurationKeys: null };
    const { results } = await wire.call(describeConfigs, {
      resources: [broker],
      includeSynonyms: false,
      includeDocumentation: false,
    });
    expect(results).toMatchObject([{ errorCode: CLUSTER, configs: [] }]);
  });

  it('leaves topics and groups out of lists of all of them', async () => {
    await ask('OffsetCommit');
    kafka.deny({ operation: 'Describe', resource: { topic: 'a' } });
    expect((await wire.call(metadata, nothing)).topics.map(({ name }) => name)).toEqual(['b']);
    const all = {
      groupId: '',
      topics: [],
      groups: [{ groupId: 'g', topics: null }],
      requireStable: false,
    };
    const [group] = (await wire.call(offsetFetch, all)).groups;
    expect(group?.topics.map(({ name }) => name)).toEqual(['b']);
    const listed = async () => (await wire.call(listGroups, { statesFilter: [] })).groups.length;
    kafka.deny({ operation: 'Describe', resource: { group: 'g' } });
    expect(await listed()).toBe(1); // whoever may describe the cluster sees all groups
    kafka.deny({ operation: 'Describe', resource: 'cluster' });
    expect(await listed()).toBe(0);
  });

  it.each<[what: string, right: DeniedRight, codes: number[]]>([
    ['to another operation', { operation: 'Read' }, [0, 0]],
    ['of another client', { clientId: 'another' }, [0, 0]],
    ['of this client', { clientId: 'wire' }, [TOPIC, TOPIC]],
    ['on every topic', { resource: { topic: '*' } }, [TOPIC, TOPIC]],
    ['on every group', { resource: { group: '*' } }, [0, 0]],
    ['of any kind on a topic', { resource: { topic: 'b' } }, [0, TOPIC]],
    ['to everything', {}, [TOPIC, TOPIC]],
  ])('takes the right %s', async (_, right, codes) => {
    kafka.deny(right);
    expect(await ask('Produce')).toEqual(codes);
  });
});
