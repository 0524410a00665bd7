import { DriverError } from '../driver.js';
import type { Assignment, CommitOffset, DriverEvents, SubscribeOptions, Subscription } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import type { LoopHealth } from '../loop-health.js';
import type { Cluster } from '../cluster/cluster.js';
import { Commits } from './commits.js';
import { Coordinator } from './coordinator.js';
import { pause, within } from '../timing/deadline.js';
import { endsOf } from './ends-of.js';
import { FailureReport } from '../failure-report.js';
import { GroupMember, REBALANCE_TIMEOUT_MS } from './group-member.js';
import { GroupOffsets } from './group-offsets.js';
import { Holdings } from './holdings.js';
import type { Decompress } from '../reading/fetched.js';
import { PartitionReader } from '../reading/partition-reader.js';
import { pinLatest } from './pin-latest.js';
import type { TopicPartitions } from '../protocol/consumer-protocol.js';
import type { GroupOffset } from '../protocol/group-offsets.js';
import { LOG_START } from '../reading/read-positions.js';
import type { ReadPosition } from '../reading/read-positions.js';
import type { Timeouts } from '../kafka-options.js';

/** How long partitions may be held back for their last commit; the group waits no longer than twice that. */
const REVOCATION_TIMEOUT_MS = REBALANCE_TIMEOUT_MS / 2;
/** How long the first join may take. */
const START_TIMEOUT_MS = 20_000;

type TopicPartition = { topic: string; partition: number };

export interface SubscriptionDependencies extends Timeouts {
  /** Makes connections of this subscription's own: a long poll must hold up no heartbeat, a join no commit. */
  newCluster: () => Cluster;
  decompress: Decompress;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

/**
 * Reads what a group gives to this member. Partitions that stay through a rebalance are read on as if nothing
 * had happened; one that goes is revoked, and its last commit made, before any other member gets it.
 */
export class GroupSubscription implements Subscription {
  private readonly prompt: Cluster;
  private readonly patient: Cluster;
  private readonly offsets: GroupOffsets;
  private readonly held = new Holdings();
  private readonly reader: PartitionReader;
  private readonly member: GroupMember;
  private readonly commits: Commits;
  private readonly stopping = new AbortController();
  private readonly failures: FailureReport;
  /** Where to begin in partitions without a commit, if not at the start of the log. */
  private starts: GroupOffset[] = [];
  private everAssigned = false;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly options: SubscribeOptions,
    private readonly dependencies: SubscriptionDependencies,
  ) {
    const { group, topics, instanceId, sharedBy } = options;
    const { newCluster, requestTimeoutMs, decompress, emit } = dependencies;
    const { signal } = this.stopping;
    const where = `group ${group}`;
    this.failures = new FailureReport({ where, emit, signal });
    const [prompt, patient] = [newCluster(), newCluster()];
    const coordinator = new Coordinator({ group, prompt, patient, requestTimeoutMs });
    this.prompt = prompt;
    this.patient = patient;
    this.offsets = new GroupOffsets(group, coordinator);
    this.reader = new PartitionReader({
      where,
      clusters: [newCluster(), newCluster()],
      lookups: prompt,
      whenShorter: 'start',
      requestTimeoutMs,
      decompress,
      emit,
      onBatch: batch => options.onBatch(batch),
      onGap: (position, expected) => this.onGap(position, expected),
    });
    this.member = new GroupMember({
      group,
      topics,
      sharedBy,
      instanceId,
      coordinator,
      cluster: prompt,
      requestTimeoutMs,
      emit,
      owned: () => this.held.owned(),
      onShare: (share, signals) => this.onShare(share, signals),
      onLost: () => this.onLost(),
    });
    const { held, offsets, member } = this;
    this.commits = new Commits({ group, offsets, held, signal, identity: () => member.identity });
  }

  /** Resolves once the group was joined; what was assigned is told after that. */
  async start(): Promise<void> {
    const { topics, from, group } = this.options;
    const { requestTimeoutMs } = this.dependencies;
    const { prompt: cluster, offsets } = this;
    const { signal } = this.stopping;
    if (from === 'latest')
      this.starts = await pinLatest(topics, { cluster, offsets, requestTimeoutMs, signal });
    await within(
      this.member.start(),
      START_TIMEOUT_MS,
      () => new DriverError('retriable', `The group ${group} was not joined within ${START_TIMEOUT_MS} ms`),
    );
  }

  loops(): readonly LoopHealth[] {
    return [this.reader.loop, this.member.loop];
  }

  commit(offsets: readonly CommitOffset[]): Promise<void> {
    return this.commits.commit(offsets);
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const position of this.positionsOf(partitions)) this.reader.pause(position);
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const position of this.positionsOf(partitions)) this.reader.resume(position);
  }

  close({ withinMs }: { withinMs?: number } = {}): Promise<void> {
    this.closing ??= this.leave(withinMs);
    return this.closing;
  }

  private async leave(withinMs?: number): Promise<void> {
    this.stopping.abort();
    this.reader.close();
    await this.member.close(withinMs);
    this.held.drop();
    this.patient.close();
    this.prompt.close();
  }

  private positionsOf(partitions: readonly TopicPartition[]): ReadPosition[] {
    return partitions
      .map(entry => this.reader.positions.get(entry))
      .filter(position => position !== undefined);
  }

  private async onShare(
    share: TopicPartitions,
    { recalled, lost }: { recalled: AbortSignal; lost: AbortSignal },
  ): Promise<boolean> {
    const { leaving, coming } = this.held.compare(share);
    for (const entry of leaving) this.reader.remove(entry);
    await Promise.all([this.take(coming, { recalled, lost }), this.giveUp(leaving, lost)]);
    return leaving.length > 0;
  }

  /** Reads on from what was committed. What a next rebalance comes too early for is dealt out anew by that one. */
  private async take(
    coming: readonly TopicPartition[],
    { recalled, lost }: { recalled: AbortSignal; lost: AbortSignal },
  ): Promise<void> {
    const backoff = new Backoff();
    let committed: GroupOffset[] | undefined;
    const ends = this.options.tellEnds ? endsOf(coming, this.prompt) : Promise.resolve([]);
    this.failures.clear();
    while (!committed && !recalled.aborted) {
      try {
        committed = await this.offsets.fetch(coming);
      } catch (error) {
        this.failures.tellOnce(error);
        await pause(backoff.take(), recalled);
      }
    }
    const logEnds = await ends;
    if (!committed || lost.aborted) return;
    const assigned: Assignment[] = [];
    const unpinned: CommitOffset[] = [];
    for (const entry of coming) {
      const known = committed.find(isOf(entry));
      const pinned = known ? undefined : this.starts.find(isOf(entry));
      const assignment = this.held.hold(entry, known && { offset: known.offset, metadata: known.metadata });
      const offset = known?.offset ?? pinned?.offset ?? LOG_START;
      this.reader.positions.add({ ...entry, epoch: assignment.epoch, offset, leader: undefined });
      if (pinned) unpinned.push({ ...assignment, offset: pinned.offset });
      const end = logEnds.find(isOf(entry))?.end;
      assigned.push(end === undefined ? assignment : { ...assignment, end });
    }
    if (unpinned.length > 0) this.commit(unpinned).catch(this.failures.tell);
    // The first share is told though it be empty: it tells that the group was joined.
    if (assigned.length > 0 || !this.everAssigned)
      this.failures.shield(() => this.options.onAssigned(assigned));
    this.everAssigned = true;
    this.reader.wake();
  }

  private async giveUp(leaving: readonly Assignment[], lost: AbortSignal): Promise<void> {
    if (leaving.length === 0) return;
    const revoked = this.revoke(leaving);
    const late = new Error(
      `onRevoked took longer than ${REVOCATION_TIMEOUT_MS} ms: its partitions went to others without it`,
    );
    const gone = new Promise<void>(resolve =>
      lost.addEventListener('abort', () => resolve(), { once: true }),
    );
    await within(Promise.race([revoked, gone]), REVOCATION_TIMEOUT_MS, () => late).catch(this.failures.tell);
    this.held.release(leaving);
  }

  private onLost(): void {
    const dropped = this.held.drop();
    for (const entry of dropped) this.reader.remove(entry);
    if (dropped.length > 0) void this.revoke(dropped);
  }

  /** Never rejects. */
  private async revoke(assignments: readonly Assignment[]): Promise<void> {
    if (this.closing) return;
    try {
      await this.options.onRevoked(assignments);
    } catch (error) {
      this.failures.tell(error);
    }
  }

  private onGap(position: ReadPosition, expected: number): void {
    const { topic, partition, offset } = position;
    const name = `${topic}[${partition}]`;
    if (offset > expected) {
      const range = `Offsets ${expected} to ${offset - 1} of ${name}`;
      this.failures.tell(new Error(`${range} were deleted before they were read`));
      return;
    }
    this.failures.tell(
      new Error(`${name} is shorter than what was read of it: it is read from offset ${offset} again`),
    );
    // The log is not the one that was read: offsets start anew, and those of before must not be committed.
    const before = this.held.get(position);
    if (!before) return;
    const renewed = this.held.hold(position);
    position.epoch = renewed.epoch;
    void this.revoke([before]);
    this.failures.shield(() => this.options.onAssigned([renewed]));
  }
}

function isOf(wanted: TopicPartition): (entry: TopicPartition) => boolean {
  return ({ topic, partition }) => topic === wanted.topic && partition === wanted.partition;
}
