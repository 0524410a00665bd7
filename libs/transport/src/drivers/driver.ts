import type { CompressionName } from './compression/codec.js';
import type { LoopHealth } from './loop-health.js';

/**
 * The port behind which a Kafka client hides. Nothing outside `drivers/` imports a Kafka client; every driver
 * passes one conformance suite.
 *
 * Offsets are numbers: exact up to 2^53 - 1, which a partition that takes a million records a second reaches
 * after 285 years.
 */
export interface Driver {
  readonly name: string;

  /** Resolves once a broker answered. Rejects with a DriverError when none did within the connection time-out. */
  connect(): Promise<void>;

  /** Makes, grows or checks topics; resolves once each of them has a leader for every partition. */
  ensureTopics(topics: readonly TopicSpec[], mode: ProvisionMode): Promise<void>;

  /**
   * The topic's partitions and their leaders, from metadata at most 10 s old; `fresh` asks the cluster now.
   * An unknown topic gives an empty list.
   */
  partitions(topic: string, options?: { fresh?: boolean }): Promise<readonly PartitionLeader[]>;

  /**
   * Sends one produce request (acks=all) to one leader and resolves with one outcome for each topic partition
   * among the records, in no given order. Never retries: the sender owns order and retries. Rejects with a
   * retriable DriverError when the request as a whole got no answer: its records may or may not be there, and
   * their leader may have moved. Takes up to `timeoutMs` (default: the request time-out) and half a second.
   */
  produce(
    leader: number,
    records: readonly OutgoingRecord[],
    options?: { timeoutMs?: number },
  ): Promise<readonly ProduceOutcome[]>;

  /** Joins a consumer group. Resolves once the member has been started; assignments are told by callback. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;

  /** Reads partitions without a group, on connections of its own. Resolves once all start offsets are fixed. */
  tail(options: TailOptions): Promise<Tail>;

  /** How many live members a consumer group has, as its coordinator knows now: 0 for one that does not exist. */
  members(group: string): Promise<number>;

  /** The names of all topics that this client may see, the cluster's own included. */
  topics(): Promise<readonly string[]>;

  /**
   * Where the log of each partition of a topic begins and ends now; an unknown topic gives an empty list. Rejects
   * where a partition's leader cannot be asked.
   */
  extents(topic: string): Promise<readonly LogExtent[]>;

  /**
   * The first offset of each partition whose record is of a time, in ms since the epoch, or of a later one; the log's
   * end where there is none. An unknown topic gives an empty list. Rejects where a partition's leader cannot be asked.
   */
  offsetsAt(topic: string, timestamp: number): Promise<readonly PartitionOffset[]>;

  /** What a group has committed of these partitions, whoever asks; those of which it has nothing are left out. */
  committed(
    group: string,
    partitions: readonly { topic: string; partition: number }[],
  ): Promise<readonly CommittedOffset[]>;

  /** Adds a listener and returns the function that removes it. */
  on<K extends keyof DriverEvents>(event: K, listener: (detail: DriverEvents[K]) => void): () => void;

  /** The Kafka client behind this driver, for what Parley does not cover. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as unwrap<T>() of Nest's own transports
  unwrap<T>(): T;

  /** Closes subscriptions, tails and connections; resolves within `drainMs` plus a small constant. */
  close(options: { drainMs: number }): Promise<void>;
}

/**
 * `create` makes missing topics and adds missing partitions; `verify` rejects with a message that names what is
 * missing; `none` does nothing.
 */
export type ProvisionMode = 'create' | 'verify' | 'none';

export interface TopicSpec {
  topic: string;
  partitions: number;
  /** -1: the broker's default. */
  replication: number;
  config?: Readonly<Record<string, string>>;
  /** What its records ask for: it is an error where there is no such codec. */
  compression?: CompressionName;
}

export interface PartitionLeader {
  partition: number;
  /** The leader's node id, -1 while the partition has none. */
  leader: number;
}

export interface LogExtent {
  partition: number;
  /** The first offset that is kept. */
  start: number;
  /** The offset that the next record gets, once those before it are on all in-sync replicas. */
  end: number;
}

export interface PartitionOffset {
  partition: number;
  offset: number;
}

export interface CommittedOffset {
  topic: string;
  partition: number;
  /** The next offset to read. */
  offset: number;
  metadata: string;
}

export type HeaderValue = Buffer | string;

export interface OutgoingRecord {
  topic: string;
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, HeaderValue>>;
  /**
   * How to compress the batch that begins with this record; all records of a topic ask for the same. Batches under
   * 1,024 bytes, and those that would not shrink, are sent as they are. Default: not at all.
   */
  compression?: CompressionName;
}

export interface ProduceOutcome {
  topic: string;
  partition: number;
  /** The offset of the first of this partition's records; -1 with an error. */
  baseOffset: number;
  error?: DriverError;
}

export interface ReceivedRecord {
  topic: string;
  partition: number;
  offset: number;
  /** Milliseconds since the epoch: the append time where the topic uses LogAppendTime. */
  timestamp: number;
  key: Buffer | null;
  value: Buffer | null;
  /** A header that occurs more than once keeps its last value. */
  headers: Readonly<Record<string, Buffer>>;
}

/** Records of one partition, in offset order. The receiver only takes them in: it neither blocks nor throws. */
export interface ReceivedBatch {
  topic: string;
  partition: number;
  /** The assignment these records belong to; constant 0 for tails. */
  epoch: number;
  records: readonly ReceivedRecord[];
  highWatermark: number;
}

export interface Assignment {
  topic: string;
  partition: number;
  epoch: number;
  /**
   * What the group had committed when the partition was assigned: the offset that reading goes on from, and the
   * metadata exactly as it was given to `commit`. Absent where nothing was committed.
   */
  committed?: { offset: number; metadata: string };
  /**
   * The log's end when the partition was assigned: what is before it another member may have begun with. Where
   * `tellEnds` asks for it, and the partition's leader told it in time.
   */
  end?: number;
}

export interface SubscribeOptions {
  group: string;
  topics: readonly string[];
  /** Where a group without a committed offset starts; `latest` is fixed before subscribe resolves. */
  from: 'earliest' | 'latest';
  onBatch(batch: ReceivedBatch): void;
  onAssigned(assignments: readonly Assignment[]): void;
  /**
   * The partitions are given up once the returned promise settles, or after 5 s, so that a last commit can be
   * made. Where they are gone already (the session was missed) commits of them are dropped.
   */
  onRevoked(assignments: readonly Assignment[]): Promise<void> | void;
  /**
   * Makes this a static member by that name, unique in the group: its partitions wait for it through a restart
   * within the session time-out (6 s), and closing does not leave the group. Default: `instanceId` of the
   * driver's options; without that, partitions move at once.
   */
  instanceId?: string;
  /**
   * The group is shared with members of another client, which deal partitions out by this assigner, and give all of
   * them up at each rebalance. Where they are, this member does as they do. Default: the group is Parley's own.
   */
  sharedBy?: string;
  /** Assignments tell the log's end. Default false: it takes a round trip at each assignment. */
  tellEnds?: boolean;
}

export interface CommitOffset extends Assignment {
  /** The next offset to read. */
  offset: number;
  metadata?: string;
}

export interface Subscription {
  /** The loops that read and that keep the membership, as they are now. */
  loops(): readonly LoopHealth[];
  /** Commits for partitions still held under the epoch given; others are dropped. */
  commit(offsets: readonly CommitOffset[]): Promise<void>;
  pause(partitions: readonly { topic: string; partition: number }[]): void;
  resume(partitions: readonly { topic: string; partition: number }[]): void;
  /** Leaves the group; no onBatch follows the call. Resolves within a bound: `withinMs`, default 1,500. */
  close(options?: { withinMs: number }): Promise<void>;
}

export interface TailOptions {
  topic: string;
  partitions: readonly number[];
  /** An offset, of all or of each; `end` is the log's end when the tail was asked for. */
  from: 'end' | number | ReadonlyMap<number, number>;
  onBatch(batch: ReceivedBatch): void;
  /** Retention overtook the reader: records from `expected` to `resumedAt` were never seen. */
  onGap(gap: { topic: string; partition: number; expected: number; resumedAt: number }): void;
  /**
   * What is before `offset` was handed on, after the batch that brought it there. Told too where that held no record:
   * markers of transactions, what was compacted away or cannot be read; and, with the offset of before, where the leader
   * answered that it has nothing for now.
   */
  onPassed?(passed: PartitionOffset): void;
}

export interface Tail {
  /** The loop that reads, as it is now. */
  loops(): readonly LoopHealth[];
  /** True while every partition has a leader and its last fetch was answered; a paused one is not fetched. */
  readonly reading: boolean;
  /** No more of a partition is handed on until `resume`. */
  pause(partition: number): void;
  resume(partition: number): void;
  close(): Promise<void>;
}

export interface DriverEvents {
  /** Something failed that no caller is waiting for. */
  error: { error: Error; where: string };
  /** The cluster answers again after a disconnect. */
  connected: undefined;
  disconnected: { error: Error };
  /** Nothing was heard from the cluster for longer than a poll may take; told again for as long as that goes on. */
  stalled: { where: string; forMs: number };
  /** What had stalled is answered again, or asks no more. */
  resumed: { where: string };
  /** The group member gave up and will not recover by itself. */
  crashed: { error: Error };
}

/**
 * How the sender acts on a failure: `retriable`, send the same again; `stale`, refresh metadata and send to the
 * new leader; `too-large` and `rejected`, bisect the batch until the record at fault is alone; `permanent`, fail
 * the records.
 */
export type DriverErrorKind = 'retriable' | 'stale' | 'too-large' | 'rejected' | 'permanent';

export class DriverError extends Error {
  override readonly name = 'DriverError';
  constructor(
    readonly kind: DriverErrorKind,
    message: string,
    /** Kafka's own name of the error, such as NOT_LEADER_OR_FOLLOWER, where the broker gave one. */
    readonly code?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
