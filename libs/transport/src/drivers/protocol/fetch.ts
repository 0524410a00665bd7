import type { AbortedTransaction } from './batch-reader.js';
import { APIS } from './api.js';
import type { ApiRequest } from './api.js';
import type { Reader } from './reader.js';

export interface FetchPosition {
  topic: string;
  partition: number;
  offset: number;
  /** The epoch of the leader that is asked, so that one that was deposed refuses; -1 where it is not known. */
  leaderEpoch: number;
}

export interface FetchOptions {
  /** How long the broker may hold the request while there is nothing to answer. */
  maxWaitMs: number;
  minBytes: number;
  maxBytes: number;
  maxPartitionBytes: number;
  isolation: 'read_uncommitted' | 'read_committed';
  rackId?: string;
}

export interface FetchAnswer {
  throttleMs: number;
  errorCode: number;
  partitions: FetchedPartition[];
}

export interface FetchedPartition {
  topic: string;
  partition: number;
  errorCode: number;
  highWatermark: number;
  logStartOffset: number;
  aborted: AbortedTransaction[];
  preferredReadReplica: number;
  /** Record batches one after another, a view on the answer. Null where the broker sent none. */
  records: Buffer | null;
}

/** A fetch without a session: it names all its partitions each time. */
export function fetchRequest(
  positions: readonly FetchPosition[],
  { maxWaitMs, minBytes, maxBytes, maxPartitionBytes, isolation, rackId = '' }: FetchOptions,
): ApiRequest<FetchAnswer> {
  const topics = new Map<string, FetchPosition[]>();
  for (const position of positions) {
    const known = topics.get(position.topic);
    if (known) known.push(position);
    else topics.set(position.topic, [position]);
  }
  return {
    api: APIS.fetch,
    write(body) {
      body
        .int32(-1) // not a replica
        .int32(maxWaitMs)
        .int32(minBytes)
        .int32(maxBytes)
        .int8(isolation === 'read_committed' ? 1 : 0)
        .int32(0) // no session
        .int32(-1)
        .array([...topics], (writer, [topic, entries]) =>
          writer.string(topic).array(entries, (entry, { partition, offset, leaderEpoch }) =>
            entry
              .int32(partition)
              .int32(leaderEpoch)
              .int64(offset)
              .int64(-1) // log start: for replicas
              .int32(maxPartitionBytes),
          ),
        )
        .int32(0) // nothing to forget
        .string(rackId);
    },
    read: readFetchAnswer,
  };
}

export function readFetchAnswer(body: Reader): FetchAnswer {
  const throttleMs = body.int32();
  const errorCode = body.int16();
  body.int32(); // session
  const partitions = body
    .array(reader => {
      const topic = reader.string();
      return reader.array(entry => readPartition(entry, topic));
    })
    .flat();
  return { throttleMs, errorCode, partitions };
}

function readPartition(body: Reader, topic: string): FetchedPartition {
  const partition = body.int32();
  const errorCode = body.int16();
  const highWatermark = body.int64();
  body.int64(); // last stable offset
  const logStartOffset = body.int64();
  const aborted = body.array(reader => ({
    producerId: reader.int64(),
    firstOffset: reader.int64(),
  }));
  const preferredReadReplica = body.int32();
  const records = body.nullableBytes();
  return {
    topic,
    partition,
    errorCode,
    highWatermark,
    logStartOffset,
    aborted,
    preferredReadReplica,
    records,
  };
}
