import type { Group } from '../group/group.js';
import { ErrorCode } from '../protocol/errors.js';
import { array, int16, int32, int64, nullableString, string } from '../protocol/schema.js';
import type { Decoded } from '../protocol/schema.js';
import { defineApi, type RequestContext } from './api.js';
import { groupRefusal, partitionRefusal } from './refusal.js';

/**
 * OffsetCommit: versions 2 to 8.
 * 3: throttle time. 5: no retention time. 6: leader epoch. 7: static members. 8: flexible.
 */
const request = {
  groupId: string(),
  generationId: int32({ default: -1 }),
  memberId: string(),
  groupInstanceId: nullableString({ since: 7 }),
  retentionTimeMs: int64({ since: 2, until: 4, default: -1 }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      committedOffset: int64(),
      committedLeaderEpoch: int32({ since: 6, default: -1 }),
      committedMetadata: nullableString(),
    }),
  }),
};

const response = {
  throttleTimeMs: int32({ since: 3, default: 0 }),
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), errorCode: int16() }),
  }),
};

/** As offset.metadata.max.bytes is in Kafka by default; it counts characters, not bytes. */
const MAX_METADATA = 4096;

type Committed = Decoded<typeof request>['topics'][number]['partitions'][number];

function commit(group: Group, topic: string, committed: Committed, context: RequestContext): number {
  const refused = partitionRefusal(context, 'Read', topic, committed.partitionIndex);
  if (refused) return refused;
  if (!context.cluster.partition(topic, committed.partitionIndex))
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const metadata = committed.committedMetadata ?? '';
  if (metadata.length > MAX_METADATA) return ErrorCode.OFFSET_METADATA_TOO_LARGE;
  group.offsets.commit(topic, committed.partitionIndex, {
    offset: committed.committedOffset,
    leaderEpoch: committed.committedLeaderEpoch,
    metadata,
  });
  return ErrorCode.NONE;
}

export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 8],
  flexibleSince: 8,
  request,
  response,
  answersByPartition: true,
  names: ({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    ),

  handle({ groupId, memberId, groupInstanceId, generationId, topics }, context) {
    const { cluster } = context;
    const refused = groupRefusal(context, 'Read', groupId);
    if (refused) return refused;
    const known = cluster.groups.get(groupId);
    if (!known && generationId >= 0) return ErrorCode.ILLEGAL_GENERATION;
    const group = known ?? cluster.groups.getOrCreate(groupId);
    const error = group.commitError(memberId, groupInstanceId, generationId);
    if (error) return error;
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(committed => ({
          partitionIndex: committed.partitionIndex,
          errorCode: commit(group, name, committed, context),
        })),
      })),
    };
  },

  refuse: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }),
});
