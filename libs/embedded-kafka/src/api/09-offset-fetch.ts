import { ErrorCode } from '../protocol/errors.js';
import {
  array,
  arrayOf,
  bool,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
} from '../protocol/schema.js';
import type { Decoded } from '../protocol/schema.js';
import { defineApi, type RequestContext } from './api.js';
import { groupRefusal, partitionRefusal } from './refusal.js';

/**
 * OffsetFetch: versions 1 to 8.
 * 2: null asks for all topics; error code. 3: throttle time. 5: leader epoch. 6: flexible. 7: stable offsets.
 * 8: many groups at once.
 */
const wantedTopic = { name: string(), partitionIndexes: arrayOf(int32()) };

const request = {
  groupId: string({ until: 7 }),
  topics: nullableArray(wantedTopic, { until: 7 }),
  groups: array({ groupId: string(), topics: nullableArray(wantedTopic) }, { since: 8 }),
  requireStable: bool({ since: 7 }),
};

const committedTopics = (until: number) =>
  array(
    {
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64({ default: -1 }),
        committedLeaderEpoch: int32({ since: 5, default: -1 }),
        metadata: nullableString({ default: '' }),
        errorCode: int16({ default: 0 }),
      }),
    },
    { until, default: [] },
  );

const response = {
  throttleTimeMs: int32({ since: 3, default: 0 }),
  topics: committedTopics(7),
  errorCode: int16({ since: 2, until: 7, default: 0 }),
  groups: array(
    { groupId: string(), topics: committedTopics(Infinity), errorCode: int16({ default: 0 }) },
    { since: 8, default: [] },
  ),
};

type Wanted = Decoded<typeof request>['topics'];

function fetchGroup(groupId: string, wanted: Wanted, context: RequestContext) {
  const { cluster, clientId } = context;
  const refused = groupRefusal(context, 'Describe', groupId);
  if (refused) return refuseGroup(wanted, refused);
  const offsets = cluster.groups.get(groupId)?.offsets;
  const topics =
    wanted ??
    offsets
      ?.entries()
      .filter(({ topic }) => cluster.rights.allows(clientId, 'Describe', { topic }))
      .map(({ topic, partitions }) => ({ name: topic, partitionIndexes: partitions })) ??
    [];
  return {
    errorCode: ErrorCode.NONE,
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map(partitionIndex => {
        const errorCode = partitionRefusal(context, 'Describe', name, partitionIndex);
        if (errorCode) return { partitionIndex, errorCode };
        const committed = offsets?.get(name, partitionIndex);
        if (!committed) return { partitionIndex };
        const { offset, leaderEpoch, metadata } = committed;
        return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata };
      }),
    })),
  };
}

function refuseGroup(wanted: Wanted, errorCode: number) {
  return {
    errorCode,
    topics: (wanted ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map(partitionIndex => ({ partitionIndex, errorCode })),
    })),
  };
}

export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 8],
  flexibleSince: 6,
  request,
  response,

  answersByPartition: true,
  names: ({ topics, groups }) =>
    [topics, ...groups.map(group => group.topics)].flatMap(wanted =>
      (wanted ?? []).flatMap(({ name, partitionIndexes }) =>
        partitionIndexes.map(partition => ({ topic: name, partition })),
      ),
    ),

  handle({ groupId, topics, groups }, context) {
    if (context.version < 8) return fetchGroup(groupId, topics, context);
    return {
      groups: groups.map(group => ({
        groupId: group.groupId,
        ...fetchGroup(group.groupId, group.topics, context),
      })),
    };
  },

  refuse: ({ topics, groups }, errorCode) => ({
    ...refuseGroup(topics, errorCode),
    groups: groups.map(group => ({ groupId: group.groupId, ...refuseGroup(group.topics, errorCode) })),
  }),
});
