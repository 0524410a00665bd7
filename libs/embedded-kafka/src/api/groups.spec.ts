import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedKafka, ErrorCode } from '../index.js';
import { NO_UUID } from '../protocol/schema.js';
import { WireClient } from '../spec/wire-client.js';
import { offsetCommit } from './08-offset-commit.js';
import { offsetFetch } from './09-offset-fetch.js';
import { findCoordinator } from './10-find-coordinator.js';
import { joinGroup } from './11-join-group.js';
import { heartbeat } from './12-heartbeat.js';
import { leaveGroup } from './13-leave-group.js';
import { syncGroup } from './14-sync-group.js';
import { describeGroups } from './15-describe-groups.js';
import { listGroups } from './16-list-groups.js';
import { deleteTopics } from './20-delete-topics.js';
import { deleteGroups } from './42-delete-groups.js';

let broker: EmbeddedKafka;
let wire: WireClient;

beforeEach(async () => {
  broker = await EmbeddedKafka.start({ topics: [{ name: 't', partitions: 2 }] });
  wire = await WireClient.connect(broker.bootstrap);
});

afterEach(async () => {
  await wire[Symbol.asyncDispose]();
  await broker.close();
});

const joining = (memberId = '', overrides: { groupId?: string; sessionTimeoutMs?: number } = {}) => ({
  groupId: overrides.groupId ?? 'g',
  sessionTimeoutMs: overrides.sessionTimeoutMs ?? 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId,
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('m') }],
});

async function joined(version?: number) {
  const first = await wire.call(joinGroup, joining(), version);
  const { memberId, generationId } = first.errorCode
    ? await wire.call(joinGroup, joining(first.memberId), version)
    : first;
  return { groupId: 'g', memberId, generationId, groupInstanceId: null };
}

const committing = (offset: number, committedMetadata: string | null = 'note', overrides = {}) => ({
  groupId: 'g',
  memberId: '',
  groupInstanceId: null,
  topics: [{ name: 't', partitions: [{ partitionIndex: 1, committedOffset: offset, committedMetadata }] }],
  ...overrides,
});

const wanted = [{ name: 't', partitionIndexes: [0, 1] }];

async function commit(...args: Parameters<typeof committing>) {
  const { topics } = await wire.call(offsetCommit, committing(...args));
  return topics[0]?.partitions[0]?.errorCode;
}

describe('a group', () => {
  it('is joined, synced, kept, described, listed and left in every version', async () => {
    for (let version = 0; version <= 6; version++) {
      const of = (last: number) => Math.min(version, last);
      const member = await joined(version);
      const assignments = [{ memberId: member.memberId, assignment: Buffer.from('a') }];
      const { assignment } = await wire.call(syncGroup, { ...member, assignments }, of(4));
      expect(String(assignment)).toBe('a');
      expect(await wire.call(heartbeat, member, of(4))).toMatchObject({ errorCode: 0 });
      const about = { groups: ['g', 'none'], includeAuthorizedOperations: false };
      const { groups } = await wire.call(describeGroups, about, of(5));
      expect(groups).toMatchObject([
        {
          groupState: 'Stable',
          protocolType: 'consumer',
          protocolData: 'range',
          members: [
            {
              memberId: member.memberId,
              clientId: 'wire',
              clientHost: '/127.0.0.1',
              memberAssignment: assignment,
            },
          ],
        },
        { groupState: 'Dead', members: [] },
      ]);
      const listed = await wire.call(listGroups, { statesFilter: ['stable'] }, of(4));
      expect(listed.groups).toMatchObject([{ groupId: 'g', protocolType: 'consumer' }]);
      const members = [{ memberId: member.memberId, groupInstanceId: null }];
      const left = await wire.call(leaveGroup, { ...member, members }, of(4));
      expect([left.errorCode, ...left.members.map(({ errorCode }) => errorCode)]).not.toContain(
        ErrorCode.UNKNOWN_MEMBER_ID,
      );
      expect((await wire.call(listGroups, { statesFilter: ['Stable'] })).groups).toEqual([]);
    }
  });

  it('cannot be joined with a session as short or long as the broker forbids, nor without a name', async () => {
    for (const sessionTimeoutMs of [5_999, 1_800_001])
      expect(await wire.call(joinGroup, joining('', { sessionTimeoutMs }))).toMatchObject({
        errorCode: ErrorCode.INVALID_SESSION_TIMEOUT,
      });
    expect(await wire.call(joinGroup, joining('', { groupId: '' }))).toMatchObject({
      errorCode: ErrorCode.INVALID_GROUP_ID,
    });
  });

  it('is deleted only when it is empty', async () => {
    const deleting = async () =>
      (await wire.call(deleteGroups, { groupsNames: ['g'] })).results[0]?.errorCode;
    expect(await deleting()).toBe(ErrorCode.GROUP_ID_NOT_FOUND);
    const { memberId } = await joined();
    expect(await deleting()).toBe(ErrorCode.NON_EMPTY_GROUP);
    await wire.call(leaveGroup, { groupId: 'g', memberId, members: [{ memberId, groupInstanceId: null }] });
    expect(await deleting()).toBe(ErrorCode.NONE);
  });

  it('is unknown to brokers that do not coordinate it', async () => {
    await using cluster = await EmbeddedKafka.start({ brokers: 2, topics: [{ name: 't', partitions: 2 }] });
    await using other = await WireClient.connect(cluster.brokers[2 - cluster.coordinatorOf('g')] ?? '');
    const member = { groupId: 'g', memberId: 'm', generationId: 1, groupInstanceId: null };
    const answers = [
      await other.call(joinGroup, joining()),
      await other.call(syncGroup, { ...member, assignments: [] }),
      await other.call(heartbeat, member),
      await other.call(leaveGroup, { ...member, members: [] }),
      (await other.call(offsetCommit, committing(1))).topics[0]?.partitions[0],
      await other.call(offsetFetch, { groupId: 'g', topics: null, groups: [], requireStable: false }, 7),
      (await other.call(describeGroups, { groups: ['g'], includeAuthorizedOperations: false })).groups[0],
      (await other.call(deleteGroups, { groupsNames: ['g'] })).results[0],
    ];
    expect(answers.map(answer => answer?.errorCode)).toEqual(answers.map(() => ErrorCode.NOT_COORDINATOR));
  });
});

describe('offsets', () => {
  it('are committed with their metadata and fetched in every version', async () => {
    for (let version = 2; version <= 8; version++) {
      const { topics } = await wire.call(offsetCommit, committing(version, `v${version}`), version);
      expect(topics[0]?.partitions[0]?.errorCode).toBe(0);
      for (let fetchVersion = 1; fetchVersion <= 8; fetchVersion++) {
        const asked = {
          groupId: 'g',
          topics: wanted,
          groups: [{ groupId: 'g', topics: wanted }],
          requireStable: false,
        };
        const answer = await wire.call(offsetFetch, asked, fetchVersion);
        const fetched = fetchVersion < 8 ? answer : answer.groups[0];
        expect(fetched?.topics[0]?.partitions).toMatchObject([
          { committedOffset: -1, metadata: '', errorCode: 0 },
          { committedOffset: version, metadata: `v${version}`, errorCode: 0 },
        ]);
      }
    }
  });

  it('are fetched for all topics where none is named', async () => {
    await commit(5);
    const { topics } = await wire.call(
      offsetFetch,
      { groupId: 'g', topics: null, groups: [], requireStable: true },
      7,
    );
    expect(topics).toMatchObject([{ name: 't', partitions: [{ partitionIndex: 1, committedOffset: 5 }] }]);
  });

  it('go with their topic', async () => {
    await commit(5);
    await wire.call(deleteTopics, {
      topics: [{ name: 't', topicId: NO_UUID }],
      topicNames: [],
      timeoutMs: 1,
    });
    broker.createTopic({ name: 't', partitions: 2 });
    const { topics } = await wire.call(
      offsetFetch,
      { groupId: 'g', topics: wanted, groups: [], requireStable: false },
      7,
    );
    expect(topics[0]?.partitions).toMatchObject([{ committedOffset: -1 }, { committedOffset: -1 }]);
  });

  it('may carry 4,096 characters of metadata and no more', async () => {
    expect(await commit(1, 'x'.repeat(4_096))).toBe(0);
    expect(await commit(2, 'x'.repeat(4_097))).toBe(ErrorCode.OFFSET_METADATA_TOO_LARGE);
  });

  it('are refused for other generations, for strangers, and for partitions that do not exist', async () => {
    expect(await commit(1, '', { generationId: 3 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    const member = await joined();
    const assignments = [{ memberId: member.memberId, assignment: Buffer.from('a') }];
    await wire.call(syncGroup, { ...member, assignments });
    expect(await commit(1, '', member)).toBe(0);
    expect(await commit(1, '', { ...member, generationId: 99 })).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(await commit(1, '', { ...member, memberId: 'stranger' })).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(await commit(1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    const elsewhere = [
      { name: 'none', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] },
    ];
    expect(await commit(1, '', { ...member, topics: elsewhere })).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});

describe('FindCoordinator', () => {
  it('names the broker in every version, and coordinates nothing but groups', async () => {
    for (let version = 0; version <= 4; version++) {
      const answer = await wire.call(
        findCoordinator,
        { key: 'g', keyType: 0, coordinatorKeys: ['g'] },
        version,
      );
      const found = version < 4 ? answer : answer.coordinators[0];
      expect(found).toMatchObject({ errorCode: 0, nodeId: 1, host: '127.0.0.1' });
      expect(`${found?.host}:${found?.port}`).toBe(broker.bootstrap);
    }
    const transaction = await wire.call(findCoordinator, { key: '', keyType: 1, coordinatorKeys: ['x'] });
    expect(transaction.coordinators[0]?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});
