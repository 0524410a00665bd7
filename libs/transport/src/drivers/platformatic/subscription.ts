import { DriverError } from '../driver.js';
import type { Assignment, CommitOffset, DriverEvents, SubscribeOptions, Subscription } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import { pause, within } from '../timing/deadline.js';
import { messageOf } from '../errors.js';
import type { TopicLeaders } from '../cluster/topic-leaders.js';
import type { Cluster } from './cluster.js';
import { Coordinator } from './coordinator.js';
import { Fetcher } from './fetcher.js';
import { HeldPartitions } from './held-partitions.js';
import { Membership } from './membership.js';
import { pinLatest } from './pin-latest.js';
import { keyOf, LOG_START, positionAt } from './position.js';
import type { Gap } from './relocation.js';
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
    const { group, instanceId } = options;
    this.coordinator = new Coordinator({ group, instanceId, cluster, requestTimeoutMs });
    this.fetcher = new Fetcher({
      cluster: newCluster(),
      where: `group ${group}`,
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
    const { group, topics, from, instanceId } = this.options;
    const { cluster, leaders, requestTimeoutMs, emit } = this.dependencies;
    const { signal } = this.stopping;
    if (from === 'latest')
      await pinLatest(topics, { cluster, leaders, coordinator: this.coordinator, requestTimeoutMs, signal });
    if (this.closing) throw new DriverError('permanent', 'The subscription is closed');
    let isStarted = false;
    this.membership = new Membership({
      topics,
      coordinator: new Coordinator({ group, instanceId, cluster: this.joining, requestTimeoutMs }),
      leaders,
      owned: () => this.held.owned(),
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
    if (memberId && !this.options.instanceId) {
      const late = () => new DriverError('retriable', `The group ${this.options.group} was not left in time`);
      // Otherwise the group takes this member for dead once its session ends.
      await within(this.coordinator.leave(memberId), LEAVE_TIMEOUT_MS, late).catch(() => {});
    }
    this.joining.close();
    this.held.drop();
  }

  /** Gives up what moves elsewhere, once its last commit is made, and begins to read what is new. */
  private async apply(partitions: readonly TopicPartition[]): Promise<boolean> {
    const lost = this.held.without(partitions);
    if (lost.length > 0) {
      this.fetcher.drop(lost);
      await this.revoke(lost);
      this.held.release(lost);
    }
    const added = partitions.filter(entry => !this.held.has(entry));
    if (added.length > 0) {
      const committed = await this.coordinator.offsets(added);
      const leaders = await this.leadersOf(new Set(added.map(({ topic }) => topic)));
      if (this.closing) return false;
      const assigned = committed.map(entry => this.held.hold(entry));
      this.shield(() => this.options.onAssigned(assigned));
      const positions = assigned.map(assignment =>
        positionAt(assignment, assignment.committed?.offset ?? LOG_START, leaders.get(keyOf(assignment))),
      );
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

  /** Tells at once; resolves when the receiver is done, or has had its time. Never rejects. */
  private async revoke(revoked: readonly Assignment[]): Promise<void> {
    const late = () =>
      new DriverError('retriable', `Revoking partitions of the group ${this.options.group} took too long`);
    try {
      await within(Promise.resolve(this.options.onRevoked(revoked)), REVOKE_TIMEOUT_MS, late);
    } catch (error) {
      this.fetcher.report(error);
    }
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
    const before = this.held.get(position);
    if (!before) return;
    void this.revoke([before]);
    const assignment = this.held.hold({ topic, partition });
    this.shield(() => this.options.onAssigned([assignment]));
    this.fetcher.read([positionAt(assignment, resumedAt)]);
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

  private shield(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.fetcher.report(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }
}
