import { ErrorCode } from '../protocol/errors.js';
import { array, int16, int32, int64, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { partitionRefusal } from './refusal.js';

/**
 * OffsetForLeaderEpoch: versions 2 to 4. Where an epoch's records end: tells a reader whether what it has read is
 * still part of the log.
 * 3: replica id. 4: flexible.
 */
const request = {
  replicaId: int32({ since: 3, default: -2 }),
  topics: array({
    topic: string(),
    partitions: array({
      partition: int32(),
      currentLeaderEpoch: int32({ default: -1 }),
      leaderEpoch: int32(),
    }),
  }),
};

const response = {
  throttleTimeMs: int32({ default: 0 }),
  topics: array({
    topic: string(),
    partitions: array({
      errorCode: int16({ default: 0 }),
      partition: int32(),
      leaderEpoch: int32({ default: -1 }),
      endOffset: int64({ default: -1 }),
    }),
  }),
};

export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexibleSince: 4,
  request,
  response,
  answersByPartition: true,
  names: ({ topics }) =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition }))),

  handle: ({ topics }, context) => ({
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const refused = partitionRefusal(context, 'Describe', topic, index);
        if (refused) return { partition: index, errorCode: refused };
        const partition = context.cluster.partition(topic, index);
        if (!partition) return { partition: index, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
        const errorCode = partition.leadershipError(context.nodeId, currentLeaderEpoch);
        if (errorCode) return { partition: index, errorCode };
        return { partition: index, leaderEpoch, endOffset: partition.log.endOfEpoch(leaderEpoch) };
      }),
    })),
  }),

  refuse: ({ topics }, errorCode) => ({
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode })),
    })),
  }),
});
