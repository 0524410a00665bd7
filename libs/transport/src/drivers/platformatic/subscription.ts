import { DriverError } from '../driver.js';
import type { Assignment, CommitOffset, DriverEvents, SubscribeOptions, Subscription } from '../driver.js';
import { Backoff } from '../kafkajs/backoff.js';
import { pause, within } from '../kafkajs/deadline.js';
import { messageOf } from '../kafkajs/errors.js';
import { HeldPartitions } from '../kafkajs/held-partitions.js';
import type { TopicLeaders } from '../kafkajs/topic-leaders.js';
import type { Cluster } from './cluster.js';
import { Coordinator } from './coordinator.js';
import { Fetcher } from './fetcher.js';
import type { Gap } from './fetcher.js';
import { Membership } from './membership.js';
import { pinLatest } from './pin-latest.js';
import { keyOf, LOG_START, positionAt } from './position.js';
import type { Position } from './position.js';
import type { Timeouts } from './settings.js';

/** Bounds how late a resume takes effect: a broker holds the fetch that is under way. */
const MAX_WAIT_MS = 100;
const MAX_PARTITION_BYTES = 1024 * 1024;
/** How long the first assignment may take. */
const START_TIMEOUT_MS = 30_000;
/** How long a rebalance is held up for a last commit; less than the time after which the group goes on without. */
const REVOKE_TIMEOUT_MS = 5_000;
const COMMIT_TIMEOUT_MS = 10_000;
const LEAVE_TIMEOUT_MS = 2_000;
/** The rebalance that is under way decides whether the commit may still be made. */
const FENCED = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS'];

type TopicPartition = { topic: string; partition: number };

export interface SubscriptionDependencies extends Timeouts {
  /** The driver's own connections: for what must not wait behind a join or a long poll. */
  cluster: Cluster;
  leaders: TopicLeaders;
  /** Makes connections for this subscription alone: it closes them. */
  newCluster: () => Cluster;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

/**
 * A group member of our own. The client's consumer reads on from committed offsets after each join, and commits
 * without asking whether the partition is still held; here positions outlive joins, partitions that move are
 * given up only once `onRevoked` has settled, and commits are fenced by epoch and generation.
 */
export class PlatformaticSubscription implements Subscription {
  private readonly held = new HeldPartitions();
  private readonly joining: Cluster;
  private readonly fetcher: Fetcher;
  private readonly coordinator: Coordinator;
  private readonly stopping = new AbortController();
  private membership: Membership | undefined;
  /** Commits are made one after another, so that a repeated one never undoes a later one. */
  private committing: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: SubscribeOptions,
    private readonly dependencies: SubscriptionDependencies,
  ) {
    const { cluster, newCluster, requestTimeoutMs, emit } = dependencies;
    this.joining = newCluster();
    this.coordinator = new Coordinator({ group: options.group, cluster, requestTimeoutMs });
    this.fetcher = new Fetcher({
      cluster: newCluster(),
      where: `group ${options.group}`,
      requestTimeoutMs,
      maxWaitMs: MAX_WAIT_MS,
      maxPartitionBytes: MAX_PARTITION_BYTES,
      pastEnd: 'start',
      onBatch: batch => options.onBatch(batch),
      onGap: gap => this.onGap(gap),
      emit,
    });
  }

  async start(): Promise<void> {
    const { group, topics, from } = this.options;
    const { cluster, leaders, requestTimeoutMs, emit } = this.dependencies;
    const { signal } = this.stopping;
    if (from === 'latest')
      await pinLatest(topics, { cluster, leaders, coordinator: this.coordinator, requestTimeoutMs, signal });
    const client = await cluster.client();
    if (this.closing) throw new DriverError('permanent', 'The subscription is closed');
    let isStarted = false;
    this.membership = new Membership({
      topics,
      client,
      coordinator: new Coordinator({ group, cluster: this.joining, requestTimeoutMs }),
      leaders,
      owned: () => this.owned(),
      onAssignment: partitions => this.apply(partitions),
      onLost: () => this.lose(),
      onFatal: error => {
        if (isStarted && !this.closing) emit('crashed', { error });
      },
      report: this.fetcher.report,
    });
    const late = () =>
      new DriverError('retriable', `The group ${group} gave no assignment in ${START_TIMEOUT_MS} ms`);
    await within(this.membership.start(), START_TIMEOUT_MS, late);
    isStarted = true;
  }

  commit(offsets: readonly CommitOffset[]): Promise<void> {
    const made = this.committing.then(() => this.commitHeld(offsets));
    this.committing = made.catch(() => {});
    return made;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.fetcher.setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.fetcher.setPaused(partitions, false);
  }

  close(): Promise<void> {
    this.closing ??= this.leave();
    return this.closing;
  }

  private async leave(): Promise<void> {
    this.stopping.abort();
    this.fetcher.close();
    this.membership?.close();
    const memberId = this.membership?.memberId;
    if (memberId) {
      const late = () => new DriverError('retriable', `The group ${this.options.group} was not left in time`);
      // Otherwise the group takes this member for dead once its session ends.
      await within(this.coordinator.leave(memberId), LEAVE_TIMEOUT_MS, late).catch(() => {});
    }
    this.joining.close();
    this.held.drop();
  }

  /** Gives up what moves elsewhere, once its last commit is made, and begins to read what is new. */
  private async apply(partitions: readonly TopicPartition[]): Promise<boolean> {
    const wanted = new Set(partitions.map(keyOf));
    const lost = this.held.all().filter(entry => !wanted.has(keyOf(entry)));
    if (lost.length > 0) {
      this.fetcher.drop(lost);
      await this.revoke(lost.map(asAssignment));
      this.held.replace(partitions.filter(entry => this.held.get(entry)));
    }
    const added = partitions.filter(entry => !this.held.get(entry));
    if (added.length > 0) {
      const committed = await this.coordinator.offsets(added);
      const leaders = await this.leadersOf(new Set(added.map(({ topic }) => topic)));
      if (this.closing) return false;
      const { assigned } = this.held.replace(partitions);
      this.shield(() => this.options.onAssigned(assigned));
      const positions = assigned.map((assignment): Position => {
        const { offset } = committed.find(entry => keyOf(entry) === keyOf(assignment)) ?? { offset: -1 };
        return positionAt(assignment, offset < 0 ? LOG_START : offset, leaders.get(keyOf(assignment)));
      });
      this.fetcher.read(positions);
    }
    return lost.length > 0;
  }

  private async leadersOf(topics: Iterable<string>): Promise<Map<string, number>> {
    const known = new Map<string, number>();
    for (const topic of topics) {
      const found = await this.dependencies.leaders.of(topic).catch(() => []);
      for (const { partition, leader } of found) known.set(keyOf({ topic, partition }), leader);
    }
    return known;
  }

  private async revoke(revoked: readonly Assignment[]): Promise<void> {
    const late = () =>
      new DriverError('retriable', `Revoking partitions of the group ${this.options.group} took too long`);
    const settled = Promise.resolve().then(() => this.options.onRevoked(revoked));
    await within(settled, REVOKE_TIMEOUT_MS, late).catch(this.fetcher.report);
  }

  /** Commits of what was lost are dropped from here on. */
  private lose(): void {
    const lost = this.held.drop();
    if (lost.length === 0 || this.closing) return;
    this.fetcher.drop(lost);
    void this.revoke(lost);
  }

  private onGap({ position, expected, resumedAt }: Gap): void {
    const { topic, partition } = position;
    if (resumedAt > expected) {
      const lost = `Offsets ${expected} to ${resumedAt - 1} of ${topic}[${partition}]`;
      this.fetcher.report(new Error(`${lost} were deleted before they were read`));
      return;
    }
    // The log is not the one that was read: its offsets start anew.
    const change = this.held.renew(position);
    if (!change) return;
    void this.revoke(change.revoked);
    this.shield(() => this.options.onAssigned(change.assigned));
    this.fetcher.read(change.assigned.map(entry => positionAt(entry, resumedAt)));
  }

  private async commitHeld(offsets: readonly CommitOffset[]): Promise<void> {
    const until = performance.now() + COMMIT_TIMEOUT_MS;
    const backoff = new Backoff();
    for (;;) {
      const current = offsets.filter(offset => this.held.covers(offset));
      if (current.length === 0 || this.closing) return;
      const generation = this.membership?.current;
      try {
        if (generation) return await this.coordinator.commit(generation, current);
      } catch (error) {
        const { kind, code = '' } = error instanceof DriverError ? error : { kind: 'permanent' };
        if (kind === 'permanent' && !FENCED.includes(code)) throw error;
        if (performance.now() > until) throw error;
      }
      if (performance.now() > until) {
        throw new DriverError('retriable', `Not a member of the group ${this.options.group} for now`);
      }
      await pause(backoff.take(), this.stopping.signal);
    }
  }

  private owned(): Record<string, number[]> {
    const owned: Record<string, number[]> = {};
    for (const { topic, partition } of this.held.all()) (owned[topic] ??= []).push(partition);
    return owned;
  }

  private shield(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.fetcher.report(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }
}

function asAssignment({ topic, partition, epoch }: Assignment): Assignment {
  return { topic, partition, epoch };
}
