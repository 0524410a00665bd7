import { APIS } from './api.js';
import type { ApiRequest } from './api.js';

/** What to ask a leader for in place of a time: the log's first offset, or its high watermark. */
export const EARLIEST = -2;
export const LATEST = -1;
export type LogEnd = typeof EARLIEST | typeof LATEST;

export interface ListedOffset {
  partition: number;
  errorCode: number;
  /** -1 where no record is of the time that was asked for, or a later one. */
  offset: number;
  /** The epoch of the leader under which what is before that offset was written; -1 where the broker cannot tell. */
  leaderEpoch: number;
}

/** `which`: a LogEnd, or a time in ms since the epoch. */
export function listOffsetsRequest(
  topic: string,
  partitions: readonly number[],
  which: number,
): ApiRequest<ListedOffset[]> {
  return {
    api: APIS.listOffsets,
    write(body) {
      body
        .int32(-1) // not a replica
        .int8(0) // read uncommitted: the high watermark, not the last stable offset
        .array([topic], (writer, name) =>
          writer.string(name).array(partitions, (entry, partition) =>
            entry
              .int32(partition)
              .int32(-1) // leader epoch: whoever leads may answer
              .int64(which),
          ),
        );
    },
    read(body) {
      body.int32(); // throttle time
      return body
        .array(reader => {
          reader.string();
          return reader.array(entry => {
            const partition = entry.int32();
            const errorCode = entry.int16();
            entry.int64(); // timestamp
            return { partition, errorCode, offset: entry.int64(), leaderEpoch: entry.int32() };
          });
        })
        .flat();
    },
  };
}
