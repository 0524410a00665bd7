import type { Partition } from '../cluster/partition.js';
import { ErrorCode } from '../protocol/errors.js';
import { array, int16, int32, int64, int8, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { partitionRefusal } from './refusal.js';

/**
 * ListOffsets: versions 1 to 6.
 * 2: isolation level. 4: leader epochs. 6: flexible.
 */
const request = {
  replicaId: int32(),
  isolationLevel: int8({ since: 2 }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      currentLeaderEpoch: int32({ since: 4, default: -1 }),
      timestamp: int64(),
    }),
  }),
};

const response = {
  throttleTimeMs: int32({ since: 2, default: 0 }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16({ default: 0 }),
      timestamp: int64({ since: 1, default: -1 }),
      offset: int64({ since: 1, default: -1 }),
      leaderEpoch: int32({ since: 4, default: -1 }),
    }),
  }),
};

const LATEST = -1;
const EARLIEST = -2;

function lookUp({ log, leaderEpoch }: Partition, timestamp: number) {
  if (timestamp === LATEST) return { offset: log.endOffset, leaderEpoch };
  if (timestamp === EARLIEST) return { offset: log.startOffset, leaderEpoch };
  const found = log.findByTime(timestamp);
  return found ? { ...found, leaderEpoch } : {};
}

export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 6],
  flexibleSince: 6,
  request,
  response,
  answersByPartition: true,
  names: ({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    ),

  handle: ({ topics }, context) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, currentLeaderEpoch, timestamp }) => {
        const refused = partitionRefusal(context, 'Describe', name, partitionIndex);
        if (refused) return { partitionIndex, errorCode: refused };
        const partition = context.cluster.partition(name, partitionIndex);
        if (!partition) return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
        const errorCode = partition.leadershipError(context.nodeId, currentLeaderEpoch);
        return errorCode
          ? { partitionIndex, errorCode }
          : { partitionIndex, ...lookUp(partition, timestamp) };
      }),
    })),
  }),

  refuse: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }),
});
