import { OFFSET_FOR_LEADER_EPOCH } from './api.js';
import type { ApiRequest } from './api.js';

export interface EpochEnd {
  errorCode: number;
  /** The latest epoch up to the one asked for that the leader's log has records of; -1 where it has none. */
  epoch: number;
  /** The offset after the last record of that epoch; -1 where there is none. */
  endOffset: number;
}

/** Where the records that were written under `epoch`, or before, end in the log of the leader that is asked. */
export function epochEndRequest(
  { topic, partition, leaderEpoch }: { topic: string; partition: number; leaderEpoch: number },
  epoch: number,
): ApiRequest<EpochEnd | undefined> {
  return {
    api: OFFSET_FOR_LEADER_EPOCH,
    write(body) {
      body
        .int32(-1) // not a replica
        .array([topic], (writer, name) =>
          writer
            .string(name)
            .array([partition], (entry, index) => entry.int32(index).int32(leaderEpoch).int32(epoch)),
        );
    },
    read(body) {
      body.int32(); // throttle time
      const [end] = body
        .array(reader => {
          reader.string();
          return reader.array(entry => {
            const errorCode = entry.int16();
            entry.int32(); // partition
            return { errorCode, epoch: entry.int32(), endOffset: entry.int64() };
          });
        })
        .flat();
      return end;
    },
  };
}
