import { APIS } from './api.js';
import type { ApiRequest } from './api.js';
import type { MemberIdentity } from './group-membership.js';

const GROUP = 0;
/** Commits for a group without being a member: brokers take it only while the group has none. */
export const NO_MEMBER: MemberIdentity = { memberId: '', generation: -1, instanceId: null };

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
  metadata: string;
}

/** What a group committed. */
export function offsetFetchRequest(
  group: string,
  partitions: readonly { topic: string; partition: number }[],
): ApiRequest<{ errorCode: number; offsets: (GroupOffset & { errorCode: number })[] }> {
  return {
    api: APIS.offsetFetch,
    write(body) {
      body
        .string(group)
        .array([...byTopic(partitions)], (writer, [topic, entries]) =>
          writer.string(topic).array(entries, (entry, { partition }) => entry.int32(partition)),
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
            const metadata = entry.string();
            return { topic, partition, offset, metadata, errorCode: entry.int16() };
          });
        })
        .flat();
      return { offsets, errorCode: body.int16() };
    },
  };
}

export function offsetCommitRequest(
  group: string,
  { memberId, generation, instanceId }: MemberIdentity,
  offsets: readonly GroupOffset[],
): ApiRequest<{ topic: string; partition: number; errorCode: number }[]> {
  return {
    api: APIS.offsetCommit,
    write(body) {
      body
        .string(group)
        .int32(generation)
        .string(memberId)
        .string(instanceId)
        .array([...byTopic(offsets)], (writer, [topic, entries]) =>
          writer.string(topic).array(entries, (entry, { partition, offset, metadata }) =>
            entry
              .int32(partition)
              .int64(offset)
              .int32(-1) // leader epoch: not tracked
              .string(metadata),
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

function byTopic<T extends { topic: string }>(entries: readonly T[]): Map<string, T[]> {
  const topics = new Map<string, T[]>();
  for (const entry of entries) {
    const known = topics.get(entry.topic);
    if (known) known.push(entry);
    else topics.set(entry.topic, [entry]);
  }
  return topics;
}
