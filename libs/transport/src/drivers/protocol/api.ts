import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** One request of Kafka's protocol, in one fixed version, and how to read its answer. */
export interface ApiRequest<T> {
  readonly api: Api;
  write(body: Writer): void;
  read(body: Reader): T;
}

export interface Api {
  readonly name: string;
  readonly key: number;
  readonly version: number;
}

/**
 * The APIs this driver speaks itself, each in one version: the newest without flexible fields that it gains
 * from. Every broker since Kafka 2.4 has them all, and 4.x still does.
 */
export const APIS = {
  produce: { name: 'Produce', key: 0, version: 8 },
  fetch: { name: 'Fetch', key: 1, version: 11 },
  listOffsets: { name: 'ListOffsets', key: 2, version: 5 },
  metadata: { name: 'Metadata', key: 3, version: 7 },
  offsetCommit: { name: 'OffsetCommit', key: 8, version: 7 },
  offsetFetch: { name: 'OffsetFetch', key: 9, version: 5 },
  findCoordinator: { name: 'FindCoordinator', key: 10, version: 2 },
  joinGroup: { name: 'JoinGroup', key: 11, version: 5 },
  heartbeat: { name: 'Heartbeat', key: 12, version: 3 },
  leaveGroup: { name: 'LeaveGroup', key: 13, version: 3 },
  syncGroup: { name: 'SyncGroup', key: 14, version: 3 },
  describeGroups: { name: 'DescribeGroups', key: 15, version: 4 },
  createTopics: { name: 'CreateTopics', key: 19, version: 4 },
  createPartitions: { name: 'CreatePartitions', key: 37, version: 1 },
} as const satisfies Record<string, Api>;

/** Used where a broker speaks it: rights or age may keep it from doing so. */
export const OFFSET_FOR_LEADER_EPOCH: Api = { name: 'OffsetForLeaderEpoch', key: 23, version: 3 };
