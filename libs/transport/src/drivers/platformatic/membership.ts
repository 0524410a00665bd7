import { DriverError } from '../driver.js';
import type { GroupMember } from '../kafkajs/assigner.js';
import { Backoff } from '../kafkajs/backoff.js';
import { pause } from '../kafkajs/deadline.js';
import { messageOf, NO_ERROR } from '../kafkajs/errors.js';
import type { TopicLeaders } from '../kafkajs/topic-leaders.js';
import type { PlatformaticKafka } from './client.js';
import type { Coordinator, Generation } from './coordinator.js';
import { planGroup } from './group-plan.js';
import {
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  PROTOCOL,
} from './member-metadata.js';

/** The lowest that brokers allow by default: a dead member's partitions move after it. */
export const SESSION_TIMEOUT_MS = 6_000;
const REBALANCE_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 250;
/** How late the group's leader may notice that a topic grew, or was made. */
const METADATA_MAX_AGE_MS = 10_000;
/** Members that gave partitions up join again by themselves; those that do not are waited for this long. */
const WITHHELD_MS = 1_000;
const MEMBER_ID_REQUIRED = 79;

interface Joined {
  generation: Generation;
  partitions: { topic: string; partition: number }[];
  /** Of the group's leader: what it dealt out, by topic, and whether it held something back. */
  dealt?: { counts: ReadonlyMap<string, number>; withheld: boolean };
}

export interface MembershipOptions {
  topics: readonly string[];
  client: PlatformaticKafka;
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
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();
  /** Ends the wait for a reason to join again. */
  private ended = new AbortController();
  private failure: DriverError | undefined;
  private heardAt = performance.now();
  private told: string | undefined;

  constructor(private readonly options: MembershipOptions) {}

  /** Resolves at the first assignment. Rejects where the group cannot be joined; goes on until closed. */
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
        const { generation, partitions, dealt } = await this.join();
        if (signal.aborted) return;
        this.heardAt = performance.now();
        this.current = generation;
        beating = this.beat(generation);
        const gaveUp = await this.options.onAssignment(partitions);
        onFirst();
        this.backoff.reset();
        this.told = undefined;
        if (!gaveUp) await this.stay(dealt);
        if (this.failure) throw this.failure;
      } catch (error) {
        if (!(await this.recover(error))) return;
      } finally {
        clearInterval(beating);
      }
    }
  }

  private async join(): Promise<Joined> {
    const { client, coordinator, topics, owned } = this.options;
    this.failure = undefined;
    this.ended = new AbortController();
    const answer = await coordinator.join({
      memberId: this.memberId,
      protocol: PROTOCOL,
      metadata: encodeMember(client, topics, owned()),
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    });
    const { errorCode, generationId, leader, members } = answer;
    if (errorCode === NO_ERROR || errorCode === MEMBER_ID_REQUIRED) this.memberId = answer.memberId ?? '';
    if (errorCode === MEMBER_ID_REQUIRED) return this.join();
    coordinator.check(errorCode, 'Joining');
    const generation = { id: generationId, memberId: this.memberId };
    const known = members.map(({ memberId, metadata }) => decodeMember(client, memberId, metadata));
    const dealt = leader === this.memberId ? await this.deal(known) : undefined;
    const assignment = await coordinator.sync(
      generation,
      PROTOCOL,
      dealt?.assignments ?? [],
      REBALANCE_TIMEOUT_MS,
    );
    return { generation, partitions: decodeAssignment(client, assignment), ...(dealt && { dealt }) };
  }

  /** The leader's part: deals out every topic that a member reads, to those that read it. */
  private async deal(members: readonly GroupMember[]) {
    const partitionsOf = await this.partitionsOf(new Set(members.flatMap(({ topics }) => topics)));
    const { assignment, withheld } = planGroup(members, partitionsOf);
    const assignments = [...assignment].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment(this.options.client, partitions),
    }));
    const counts = new Map([...partitionsOf].map(([topic, { length }]) => [topic, length]));
    return { assignments, counts, withheld };
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
  private async stay(dealt: Joined['dealt']): Promise<void> {
    const { signal } = this.ended;
    if (dealt?.withheld) return pause(WITHHELD_MS, signal);
    for (;;) {
      await pause(METADATA_MAX_AGE_MS, signal);
      if (signal.aborted) return;
      if (!dealt) continue;
      const now = await this.partitionsOf(dealt.counts.keys());
      for (const [topic, { length }] of now) if (length !== dealt.counts.get(topic)) return;
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
