import { APIS } from './api.js';
import type { ApiRequest } from './api.js';

const GROUP = 0;

/** Which broker coordinates a group. */
export function findCoordinatorRequest(
  group: string,
): ApiRequest<{ errorCode: number; message: string | null; nodeId: number }> {
  return {
    api: APIS.findCoordinator,
    write(body) {
      body.string(group).int8(GROUP);
    },
    read(body) {
      body.int32(); // throttle time
      return { errorCode: body.int16(), message: body.nullableString(), nodeId: body.int32() };
    },
  };
}

export interface GroupOffset {
  topic: string;
  partition: number;
  /** The next offset to read; -1 where none was committed. */
  offset: number;
}

type TopicPartitions = ReadonlyMap<string, readonly number[]>;

/** What a group committed. */
export function offsetFetchRequest(
  group: string,
  topics: TopicPartitions,
): ApiRequest<{ errorCode: number; offsets: (GroupOffset & { errorCode: number })[] }> {
  return {
    api: APIS.offsetFetch,
    write(body) {
      body
        .string(group)
        .array([...topics], (writer, [topic, partitions]) =>
          writer.string(topic).array(partitions, (entry, partition) => entry.int32(partition)),
        );
    },
    read(body) {
      body.int32(); // throttle time
      const offsets = body
        .array(reader => {
          const topic = reader.string();
          return reader.array(entry => {
            const partition = entry.int32();
            const offset = entry.int64();
            entry.int32(); // leader epoch
            entry.nullableString(); // metadata
            return { topic, partition, offset, errorCode: entry.int16() };
          });
        })
        .flat();
      return { offsets, errorCode: body.int16() };
    },
  };
}

/** Commits for a group without being a member: brokers take it only while the group has none. */
export function offsetCommitRequest(
  group: string,
  offsets: readonly GroupOffset[],
): ApiRequest<{ topic: string; partition: number; errorCode: number }[]> {
  return {
    api: APIS.offsetCommit,
    write(body) {
      body
        .string(group)
        .int32(-1) // no generation
        .string('') // no member
        .string(null) // no static instance
        .array(offsets, (writer, { topic, partition, offset }) =>
          writer.string(topic).array([partition], (entry, id) =>
            entry
              .int32(id)
              .int64(offset)
              .int32(-1) // leader epoch: not tracked
              .string(''),
          ),
        );
    },
    read(body) {
      body.int32(); // throttle time
      return body
        .array(reader => {
          const topic = reader.string();
          return reader.array(entry => ({ topic, partition: entry.int32(), errorCode: entry.int16() }));
        })
        .flat();
    },
  };
}
