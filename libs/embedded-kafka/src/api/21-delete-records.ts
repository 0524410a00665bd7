import { ErrorCode } from '../protocol/errors.js';
import { array, int16, int32, int64, string } from '../protocol/schema.js';
import { defineApi, type RequestContext } from './api.js';
import { partitionRefusal } from './refusal.js';

/**
 * DeleteRecords: versions 0 to 2.
 * 2: flexible.
 */
const request = {
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), offset: int64() }),
  }),
  timeoutMs: int32(),
};

const response = {
  throttleTimeMs: int32({ default: 0 }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      lowWatermark: int64({ default: -1 }),
      errorCode: int16({ default: 0 }),
    }),
  }),
};

/** Stands for the end of the log. */
const HIGH_WATERMARK = -1;

function remove(topic: string, partitionIndex: number, offset: number, context: RequestContext) {
  const refused = partitionRefusal(context, 'Delete', topic, partitionIndex);
  if (refused) return { partitionIndex, errorCode: refused };
  const partition = context.cluster.partition(topic, partitionIndex);
  if (!partition) return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const errorCode = partition.leadershipError(context.nodeId);
  if (errorCode) return { partitionIndex, errorCode };
  const { log } = partition;
  const upTo = offset === HIGH_WATERMARK ? log.endOffset : offset;
  if (upTo < 0 || upTo > log.endOffset) return { partitionIndex, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE };
  log.deleteBefore(upTo);
  partition.changed();
  return { partitionIndex, lowWatermark: log.startOffset };
}

export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexibleSince: 2,
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
      partitions: partitions.map(({ partitionIndex, offset }) =>
        remove(name, partitionIndex, offset, context),
      ),
    })),
  }),

  refuse: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }),
});
