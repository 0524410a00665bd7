import { parseProduced, type RecordBatch } from '../log/record-batch.js';
import { recordsIn } from '../log/records.js';
import { ErrorCode, KafkaError } from '../protocol/errors.js';
import { array, int16, int32, int64, nullableString, records, string } from '../protocol/schema.js';
import type { Decoded } from '../protocol/schema.js';
import { defineApi, NO_RESPONSE, type RequestContext } from './api.js';
import { partitionRefusal } from './refusal.js';

/**
 * Produce: versions 3 to 9.
 * 3: record batches of format 2, transactional id. 4: new error code. 5: log start offset. 7: zstd.
 * 8: errors of single records, error message. 9: flexible.
 */
const request = {
  transactionalId: nullableString({ since: 3 }),
  acks: int16(),
  timeoutMs: int32(),
  topicData: array({
    name: string(),
    partitionData: array({ index: int32(), records: records() }),
  }),
};

const partitionResponse = {
  index: int32(),
  errorCode: int16({ default: 0 }),
  baseOffset: int64({ default: -1 }),
  logAppendTimeMs: int64({ since: 2, default: -1 }),
  logStartOffset: int64({ since: 5, default: -1 }),
  recordErrors: array(
    { batchIndex: int32(), batchIndexErrorMessage: nullableString({ default: null }) },
    { since: 8, default: [] },
  ),
  errorMessage: nullableString({ since: 8, default: null }),
};

const response = {
  responses: array({ name: string(), partitionResponses: array(partitionResponse) }),
  throttleTimeMs: int32({ since: 1, default: 0 }),
};

type Produced = Decoded<typeof request>['topicData'][number]['partitionData'][number];

/** What compaction could never keep: refused with the whole batch, as the records of a batch live and die together. */
function keylessIn(batch: RecordBatch): { batchIndex: number; batchIndexErrorMessage: string }[] {
  return [...recordsIn(batch)].flatMap(({ hasKey }, batchIndex) =>
    hasKey
      ? []
      : [{ batchIndex, batchIndexErrorMessage: 'Compacted topic cannot accept message without key' }],
  );
}

/** Appends one partition's batch; every error is that partition's alone. */
function append(topicName: string, { index, records }: Produced, acks: number, context: RequestContext) {
  const refused = partitionRefusal(context, 'Write', topicName, index);
  if (refused) return { index, errorCode: refused };
  const topic = context.cluster.topics.get(topicName);
  const partition = topic?.partitions[index];
  if (!topic || !partition) return { index, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const errorCode = partition.leadershipError(context.nodeId);
  if (errorCode) return { index, errorCode };
  const live = partition.replicas.filter(id => context.cluster.isAlive(id));
  const needed = Math.min(topic.configs.minInsyncReplicas, partition.replicas.length);
  if (acks === -1 && live.length < needed) return { index, errorCode: ErrorCode.NOT_ENOUGH_REPLICAS };
  try {
    if (!records) throw new KafkaError(ErrorCode.INVALID_RECORD, 'the partition was sent no record batch');
    const batch = parseProduced(records);
    if (records.length > topic.configs.maxMessageBytes)
      throw new KafkaError(
        ErrorCode.MESSAGE_TOO_LARGE,
        `a batch of ${records.length} bytes exceeds the topic's max.message.bytes (${topic.configs.maxMessageBytes})`,
      );
    const recordErrors = topic.configs.compacts ? keylessIn(batch) : [];
    if (recordErrors.length > 0)
      return {
        index,
        errorCode: ErrorCode.INVALID_RECORD,
        recordErrors,
        errorMessage: 'One or more records have been rejected',
      };
    const appended = partition.log.append(batch, {
      leaderEpoch: partition.leaderEpoch,
      appendTime: topic.configs.stampsRecords ? context.clock.now() : undefined,
    });
    partition.changed();
    return {
      index,
      errorCode: ErrorCode.NONE,
      baseOffset: appended.baseOffset,
      logAppendTimeMs: appended.logAppendTime,
      logStartOffset: partition.log.startOffset,
    };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { index, errorCode: error.code, errorMessage: error.message };
  }
}

export const produce = defineApi({
  key: 0,
  name: 'Produce',
  versions: [3, 9],
  flexibleSince: 9,
  request,
  response,
  answersByPartition: true,
  names: ({ topicData }) =>
    topicData.flatMap(({ name, partitionData }) =>
      partitionData.map(({ index }) => ({ topic: name, partition: index })),
    ),

  handle({ acks, topicData, transactionalId }, context) {
    if (acks !== 0 && acks !== 1 && acks !== -1) return ErrorCode.INVALID_REQUIRED_ACKS;
    if (transactionalId !== null) return ErrorCode.INVALID_TXN_STATE;
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(data => append(name, data, acks, context)),
    }));
    if (acks !== 0) return { responses };
    // Nobody waits for the answer: a broken connection is all that tells the client to look for the leader again.
    const failed = responses
      .flatMap(({ partitionResponses }) => partitionResponses)
      .find(({ errorCode }) => errorCode);
    if (failed)
      throw new KafkaError(failed.errorCode, `unacknowledged produce failed with error ${failed.errorCode}`);
    return NO_RESPONSE;
  },

  refuse: ({ topicData }, errorCode) => ({
    responses: topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode })),
    })),
  }),
});
