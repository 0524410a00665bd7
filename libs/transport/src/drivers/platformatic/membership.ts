import { DriverError } from '../driver.js';
import type { joinGroupV6 } from '@platformatic/kafka';
import { assignPartitions } from '../group/assigner.js';
import { claimsOf, withhold } from '../group/claims.js';
import { Backoff } from '../timing/backoff.js';
import { pause } from '../timing/deadline.js';
import { MEMBER_ID_REQUIRED, messageOf, NO_ERROR } from '../errors.js';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../protocol/consumer-protocol.js';
import type { TopicLeaders } from '../cluster/topic-leaders.js';
import type { Coordinator, Generation } from './coordinator.js';

/** The lowest that brokers allow by default: a dead member's partitions move after it. */
export const SESSION_TIMEOUT_MS = 6_000;
const REBALANCE_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 250;
/** How late the group's leader may notice that a topic grew, or was made. */
const METADATA_MAX_AGE_MS = 10_000;
/** The assigner's name, shared with the kafkajs driver: one group may have members on both. */
const PROTOCOL = 'parley';
const NOTHING = Buffer.alloc(0);

interface Joined {
  generation: Generation;
  partitions: { topic: string; partition: number }[];
  /** Of the group's leader: how many partitions of which topic it dealt out. */
  counts?: ReadonlyMap<string, number>;
}

export interface MembershipOptions {
  topics: readonly string[];
  /** On connections of its own: a broker may hold a join for as long as a rebalance takes. */
  coordinator: Coordinator;
  leaders: TopicLeaders;
  owned: () => Record<string, number[]>;
  /** Takes an assignment over. Resolves to true where something was given up: the group then deals it out. */
  onAssignment: (partitions: readonly { topic: string; partition: number }[]) => Promise<boolean>;
  /** The group may have gone on without this member: others may read what it owned. */
  onLost: () => void;
  onFatal: (error: DriverError) => void;
  report: (error: unknown) => void;
}

/**
 * Membership in a consumer group of the classic protocol: joins, heartbeats, and joins again as often as it takes.
 * Partitions stay with their owner across joins (KIP-429's way): nothing stops being read but what moves.
 */
export class Membership {
  /** The generation that commits are made under; undefined while there is none. */
  current: Generation | undefined;
  memberId = '';
  /** Told to the group's leader with what is owned: of two that claim a partition, the later has it. */
  private lastGeneration = -1;
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();
  /** Ends the wait for a reason to join again. */
  private ended = new AbortController();
  private failure: DriverError | undefined;
  private heardAt = performance.now();
  private told: string | undefined;

  constructor(private readonly options: MembershipOptions) {}

  /** Resolves when the group has been joined, before the first assignment is told of. Rejects where the group cannot be joined; goes on until closed. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      void this.run(resolve).then(() => {
        reject(this.failure ?? new DriverError('retriable', 'The group was left before it was joined'));
      });
    });
  }

  /** Stops. Leaving the group is up to the caller. */
  close(): void {
    this.stopping.abort();
    this.ended.abort();
    this.current = undefined;
  }

  private async run(onFirst: () => void): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      let beating: NodeJS.Timeout | undefined;
      try {
        const { generation, partitions, counts } = await this.join();
        if (signal.aborted) return;
        this.heardAt = performance.now();
        this.current = generation;
        this.lastGeneration = generation.id;
        beating = this.beat(generation);
        onFirst();
        const gaveUp = await this.options.onAssignment(partitions);
        this.backoff.reset();
        this.told = undefined;
        if (!gaveUp) await this.stay(counts);
        if (this.failure) throw this.failure;
      } catch (error) {
        if (!(await this.recover(error))) return;
      } finally {
        clearInterval(beating);
      }
    }
  }

  private async join(): Promise<Joined> {
    const { coordinator, topics, owned } = this.options;
    this.failure = undefined;
    this.ended = new AbortController();
    const answer = await coordinator.join({
      memberId: this.memberId,
      protocol: PROTOCOL,
      metadata: encodeSubscription({ topics: [...topics], owned: owned(), generation: this.lastGeneration }),
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    });
    const { errorCode, generationId, leader, members } = answer;
    if (errorCode === NO_ERROR || errorCode === MEMBER_ID_REQUIRED) this.memberId = answer.memberId ?? '';
    if (errorCode === MEMBER_ID_REQUIRED) return this.join();
    coordinator.check(errorCode, 'Joining');
    const generation = { id: generationId, memberId: this.memberId };
    const dealt = leader === this.memberId ? await this.deal(members) : undefined;
    const assignment = await coordinator.sync(
      generation,
      PROTOCOL,
      dealt?.assignments ?? [],
      REBALANCE_TIMEOUT_MS,
    );
    const partitions = Object.entries(decodeAssignment(assignment)).flatMap(([topic, numbers]) =>
      numbers.map(partition => ({ topic, partition })),
    );
    return { generation, partitions, ...(dealt && { counts: dealt.counts }) };
  }

  /**
   * The leader's part: deals out every topic that a member reads, to those that read it. What another member still
   * owns goes to nobody: its owner gives it up, has its last commit made, and joins again.
   */
  private async deal(members: readonly joinGroupV6.JoinGroupResponseMember[]) {
    const claimants = claimsOf(
      members.map(({ memberId, metadata }) => ({ memberId, ...decodeSubscription(metadata ?? NOTHING) })),
    );
    const partitionsOf = await this.partitionsOf(new Set(claimants.flatMap(({ topics }) => topics)));
    const shares = withhold(assignPartitions(claimants, partitionsOf), claimants);
    const assignments = [...shares].map(([memberId, share]) => ({
      memberId,
      assignment: encodeAssignment(share),
    }));
    const counts = new Map([...partitionsOf].map(([topic, { length }]) => [topic, length]));
    return { assignments, counts };
  }

  private async partitionsOf(topics: Iterable<string>): Promise<Map<string, number[]>> {
    const { leaders, report } = this.options;
    const found = new Map<string, number[]>();
    for (const topic of topics) {
      try {
        const known = await leaders.of(topic, { fresh: true });
        found.set(
          topic,
          known.map(({ partition }) => partition),
        );
      } catch (error) {
        report(error); // a topic that only another member reads must not keep this one from its own
      }
    }
    return found;
  }

  /** Until there is a reason to join again. */
  private async stay(counts: Joined['counts']): Promise<void> {
    const { signal } = this.ended;
    for (;;) {
      await pause(METADATA_MAX_AGE_MS, signal);
      if (signal.aborted) return;
      if (!counts) continue;
      const now = await this.partitionsOf(counts.keys());
      for (const [topic, { length }] of now) if (length !== counts.get(topic)) return;
    }
  }

  private beat(generation: Generation): NodeJS.Timeout {
    const { coordinator } = this.options;
    const { ended } = this;
    let isBeating = false;
    return setInterval(() => {
      if (isBeating || ended.signal.aborted) return;
      isBeating = true;
      coordinator
        .heartbeat(generation)
        .then(
          () => {
            this.heardAt = performance.now();
          },
          (error: DriverError) => {
            if (ended.signal.aborted) return;
            const isBeginning = hasCode(error, 'REBALANCE_IN_PROGRESS');
            const isOver =
              error.kind === 'permanent' || performance.now() - this.heardAt > SESSION_TIMEOUT_MS;
            if (!isBeginning && isOver) this.failure = error;
            if (isBeginning || isOver) ended.abort();
          },
        )
        .finally(() => {
          isBeating = false;
        });
    }, HEARTBEAT_MS);
  }

  /** Gets ready to join again; false where that cannot help. */
  private async recover(error: unknown): Promise<boolean> {
    const { signal } = this.stopping;
    if (signal.aborted) return false;
    if (!hasCode(error, 'REBALANCE_IN_PROGRESS')) {
      this.current = undefined;
      const isPutOut = hasCode(error, 'UNKNOWN_MEMBER_ID');
      if (isPutOut) this.memberId = '';
      const isBehind = isPutOut || hasCode(error, 'ILLEGAL_GENERATION');
      const isFatal = !isBehind && error instanceof DriverError && error.kind === 'permanent';
      const isSilent = performance.now() - this.heardAt > SESSION_TIMEOUT_MS;
      if (isBehind || isFatal || isSilent) this.options.onLost();
      if (isFatal) {
        this.failure = error;
        this.options.onFatal(error);
        return false;
      }
      if (!isBehind && messageOf(error) !== this.told) this.options.report(error);
      this.told = messageOf(error);
    }
    await pause(this.backoff.take(), signal);
    return !signal.aborted;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof DriverError && error.code === code;
}
