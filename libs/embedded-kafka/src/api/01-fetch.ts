import { ErrorCode } from '../protocol/errors.js';
import {
  array,
  arrayOf,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  records,
  string,
} from '../protocol/schema.js';
import type { Decoded, Encodable } from '../protocol/schema.js';
import { untilAborted } from '../until-aborted.js';
import { defineApi, type RequestContext } from './api.js';
import { partitionRefusal } from './refusal.js';

/**
 * Fetch: versions 4 to 12. Fetch sessions are not kept: each request names all its partitions, as Kafka allows
 * a broker to ask for by answering with session 0.
 * 4: isolation level, aborted transactions. 5: log start offset. 7: sessions. 9: the client's leader epoch.
 * 11: rack. 12: flexible, last fetched epoch.
 */
const request = {
  replicaId: int32(),
  maxWaitMs: int32(),
  minBytes: int32(),
  maxBytes: int32(),
  isolationLevel: int8(),
  sessionId: int32({ since: 7 }),
  sessionEpoch: int32({ since: 7, default: -1 }),
  topics: array({
    topic: string(),
    partitions: array({
      partition: int32(),
      currentLeaderEpoch: int32({ since: 9, default: -1 }),
      fetchOffset: int64(),
      lastFetchedEpoch: int32({ since: 12, default: -1 }),
      logStartOffset: int64({ since: 5, default: -1 }),
      partitionMaxBytes: int32(),
    }),
  }),
  forgottenTopicsData: array({ topic: string(), partitions: arrayOf(int32()) }, { since: 7 }),
  rackId: string({ since: 11 }),
};

const partitionResponse = {
  partitionIndex: int32(),
  errorCode: int16({ default: 0 }),
  highWatermark: int64({ default: -1 }),
  lastStableOffset: int64({ default: -1 }),
  logStartOffset: int64({ since: 5, default: -1 }),
  abortedTransactions: nullableArray({ producerId: int64(), firstOffset: int64() }, { default: [] }),
  preferredReadReplica: int32({ since: 11, default: -1 }),
  records: records(),
};

const response = {
  throttleTimeMs: int32({ since: 1, default: 0 }),
  errorCode: int16({ since: 7, default: 0 }),
  sessionId: int32({ since: 7, default: 0 }),
  responses: array({ topic: string(), partitions: array(partitionResponse) }),
};

type FetchRequest = Decoded<typeof request>;
type FetchResponse = Encodable<typeof response>;

/** The response as the logs are now, and whether it can be sent before its time is up. */
interface Attempt {
  readonly response: FetchResponse;
  readonly due: boolean;
}

function attempt(fetched: FetchRequest, context: RequestContext): Attempt {
  const { cluster, nodeId } = context;
  let left = fetched.maxBytes;
  let size = 0;
  let failed = false;

  const read = (topic: string, wanted: FetchRequest['topics'][number]['partitions'][number]) => {
    const refuse = (errorCode: number) => {
      failed = true;
      return { partitionIndex: wanted.partition, errorCode, records: [] };
    };
    const refused = partitionRefusal(context, 'Read', topic, wanted.partition);
    if (refused) return refuse(refused);
    const partition = cluster.partition(topic, wanted.partition);
    if (!partition) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const error = partition.leadershipError(nodeId, wanted.currentLeaderEpoch);
    if (error) return refuse(error);
    const { startOffset, endOffset } = partition.log;
    if (wanted.fetchOffset < startOffset || wanted.fetchOffset > endOffset)
      return refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
    const batches = partition.log.read(
      wanted.fetchOffset,
      Math.min(left, wanted.partitionMaxBytes),
      size === 0,
    );
    const length = batches.reduce((total, batch) => total + batch.length, 0);
    size += length;
    left = Math.max(0, left - length);
    return {
      partitionIndex: wanted.partition,
      highWatermark: endOffset,
      lastStableOffset: endOffset,
      logStartOffset: startOffset,
      abortedTransactions: fetched.isolationLevel === 1 ? [] : null,
      records: batches,
    };
  };

  const responses = fetched.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(wanted => read(topic, wanted)),
  }));
  return { response: { responses }, due: failed || size >= fetched.minBytes };
}

/** Holds the request back until enough bytes are there, an error is to be told, or its time is up. */
async function longPoll(fetched: FetchRequest, context: RequestContext): Promise<FetchResponse> {
  const { cluster, clock, signal } = context;
  const response = await untilAborted<FetchResponse | undefined>(signal, done => {
    let scheduled = false;
    const look = () => {
      scheduled = false;
      const { response, due } = attempt(fetched, context);
      if (due) done(response);
    };
    // One look after all partitions of a produce request were appended to, not one for each.
    const wake = () => {
      if (scheduled) return;
      scheduled = true;
      queueMicrotask(look);
    };
    const releases = [clock.after(fetched.maxWaitMs, () => done(undefined))];
    for (const { topic, partitions } of fetched.topics)
      for (const { partition } of partitions) {
        const watched = cluster.partition(topic, partition);
        if (watched) releases.push(watched.watch(wake));
      }
    return () => releases.forEach(release => release());
  });
  return response ?? attempt(fetched, context).response;
}

/** Errors of a whole request; all others belong to its partitions. */
const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
]);

export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  versions: [4, 12],
  flexibleSince: 12,
  request,
  response,
  answersByPartition: true,
  names: ({ topics }) =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition }))),

  handle(fetched, context) {
    if (fetched.sessionId !== 0) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    const { response, due } = attempt(fetched, context);
    return due || fetched.maxWaitMs <= 0 ? response : longPoll(fetched, context);
  },

  refuse({ topics }, errorCode) {
    if (topics.length === 0 || SESSION_ERRORS.has(errorCode)) return { errorCode, responses: [] };
    return {
      responses: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({
          partitionIndex: partition,
          errorCode,
          records: [],
        })),
      })),
    };
  },
});
