import type { API, joinGroupV6 } from '@platformatic/kafka';
import { DriverError } from '../driver.js';
import { brokerError, NO_ERROR } from '../errors.js';
import type { BrokerLink } from './broker-link.js';
import type { PlatformaticKafka } from './client.js';
import type { Cluster } from './cluster.js';
import { keyOf } from './position.js';

const GROUP = 0;
const PROTOCOL_TYPE = 'consumer';
/** A third of the session, so that a lost heartbeat is followed by others before the session ends. */
const HEARTBEAT_TIMEOUT_MS = 2_000;

/** One membership in one generation: what fences requests of members that the group went on without. */
export interface Generation {
  readonly id: number;
  readonly memberId: string;
}

export interface GroupOffset {
  topic: string;
  partition: number;
  /** The next offset to read. */
  offset: number;
  metadata?: string;
}

export interface CommittedOffset {
  topic: string;
  partition: number;
  /** Absent where nothing was committed. */
  committed?: { offset: number; metadata: string };
}

export interface JoinOptions {
  memberId: string;
  protocol: string;
  metadata: Buffer;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
}

export interface CoordinatorOptions {
  group: string;
  cluster: Cluster;
  requestTimeoutMs: number;
  /** Of a static member. */
  instanceId?: string | undefined;
}

/** The requests of a group member, sent to whichever broker coordinates the group. All reject with DriverErrors. */
export class Coordinator {
  private nodeId: number | undefined;

  constructor(private readonly options: CoordinatorOptions) {}

  /** Answers with an error code where the coordinator wants the member to join again under the id it gives. */
  async join(options: JoinOptions): Promise<joinGroupV6.JoinGroupResponse> {
    const { memberId, protocol, metadata, sessionTimeoutMs, rebalanceTimeoutMs } = options;
    const protocols = [{ name: protocol, metadata }];
    return this.send(
      ({ joinGroupV6 }) => joinGroupV6.api,
      [this.group, sessionTimeoutMs, rebalanceTimeoutMs, memberId, this.instanceId, PROTOCOL_TYPE, protocols],
      rebalanceTimeoutMs + this.options.requestTimeoutMs,
    );
  }

  async sync(
    { id, memberId }: Generation,
    protocol: string,
    assignments: { memberId: string; assignment: Buffer }[],
    /** How long the group's leader may take. */
    patienceMs: number,
  ): Promise<Buffer> {
    const { errorCode, assignment } = await this.send(
      ({ syncGroupV4 }) => syncGroupV4.api,
      [this.group, id, memberId, this.instanceId, PROTOCOL_TYPE, protocol, assignments],
      patienceMs + this.options.requestTimeoutMs,
    );
    this.check(errorCode, 'Joining');
    return assignment;
  }

  async heartbeat({ id, memberId }: Generation): Promise<void> {
    const { errorCode } = await this.send(
      ({ heartbeatV4 }) => heartbeatV4.api,
      [this.group, id, memberId, this.instanceId],
      HEARTBEAT_TIMEOUT_MS,
    );
    this.check(errorCode, 'A heartbeat');
  }

  async leave(memberId: string): Promise<void> {
    const member = { memberId, groupInstanceId: null, reason: null };
    const { errorCode } = await this.send(({ leaveGroupV4 }) => leaveGroupV4.api, [this.group, [member]]);
    this.check(errorCode, 'Leaving');
  }

  /** Without a generation the group must have no members. */
  async commit(generation: Generation | undefined, offsets: readonly GroupOffset[]): Promise<void> {
    const { id, memberId } = generation ?? { id: -1, memberId: '' };
    const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: metadata ?? '',
    })).map(([name, partitions]) => ({ name, partitions }));
    const answer = await this.send(
      ({ offsetCommitV8 }) => offsetCommitV8.api,
      [this.group, id, memberId, this.instanceId, topics],
    );
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode } of partitions)
        this.check(errorCode, `Committing ${name}[${partitionIndex}]`);
    }
  }

  /** What the group committed, one entry for each partition asked about. */
  async offsets(asked: readonly { topic: string; partition: number }[]): Promise<CommittedOffset[]> {
    if (asked.length === 0) return [];
    const topics = byTopic(asked, ({ partition }) => partition);
    const request = {
      groupId: this.group,
      memberEpoch: -1,
      topics: topics.map(([name, partitionIndexes]) => ({ name, partitionIndexes })),
    };
    const { groups } = await this.send(({ offsetFetchV8 }) => offsetFetchV8.api, [[request], false]);
    const known = new Map<string, CommittedOffset>();
    for (const group of groups) {
      this.check(group.errorCode, 'Asking for the offsets');
      for (const { name: topic, partitions } of group.topics) {
        for (const { partitionIndex: partition, committedOffset, metadata, errorCode } of partitions) {
          this.check(errorCode, `Asking for the offset of ${topic}[${partition}]`);
          if (committedOffset < 0n) continue;
          const committed = { offset: Number(committedOffset), metadata: metadata ?? '' };
          known.set(keyOf({ topic, partition }), { topic, partition, committed });
        }
      }
    }
    return asked.map(
      ({ topic, partition }) => known.get(keyOf({ topic, partition })) ?? { topic, partition },
    );
  }

  /** Raises what an answer's error code stands for; one of a wrong coordinator has the next request look for it. */
  check(errorCode: number, doing: string): void {
    if (errorCode === NO_ERROR) return;
    const error = brokerError(errorCode, `${doing} for the group ${this.group}`);
    if (error.kind !== 'permanent') this.nodeId = undefined;
    throw error;
  }

  private get group(): string {
    return this.options.group;
  }

  private get instanceId(): string | null {
    return this.options.instanceId ?? null;
  }

  private async send<Args extends unknown[], T>(
    apiOf: (client: PlatformaticKafka) => API<Args, T>,
    args: Args,
    timeoutMs = this.options.requestTimeoutMs,
  ): Promise<T> {
    const { cluster } = this.options;
    try {
      const link = await this.find();
      return await link.send(apiOf(await cluster.client()), args, timeoutMs);
    } catch (error) {
      this.nodeId = undefined;
      throw error;
    }
  }

  private async find(): Promise<BrokerLink> {
    const { cluster, requestTimeoutMs, group } = this.options;
    if (this.nodeId === undefined) {
      const { findCoordinatorV4 } = await cluster.client();
      const link = await cluster.anyLink();
      const answer = await link.send(findCoordinatorV4.api, [GROUP, [group]], requestTimeoutMs);
      const [found] = answer.coordinators;
      if (!found) throw new DriverError('retriable', `No broker is told to coordinate the group ${group}`);
      this.check(found.errorCode, 'Looking for the coordinator');
      this.nodeId = found.nodeId;
    }
    return cluster.link(this.nodeId);
  }
}

function byTopic<E extends { topic: string }, T>(
  entries: readonly E[],
  map: (entry: E) => T,
): [topic: string, mapped: T[]][] {
  const topics = new Map<string, T[]>();
  for (const entry of entries) {
    const known = topics.get(entry.topic);
    if (known) known.push(map(entry));
    else topics.set(entry.topic, [map(entry)]);
  }
  return [...topics];
}
