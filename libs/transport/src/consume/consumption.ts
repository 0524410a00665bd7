import { DriverError } from '../drivers/driver.js';
import type { Assignment, Driver, ReceivedBatch, ReceivedRecord, Subscription } from '../drivers/driver.js';
import { Condition } from '../drivers/timing/condition.js';
import { within } from '../drivers/timing/deadline.js';
import type { LoopHealth } from '../drivers/loop-health.js';
import { HeldPartition, partitionName, type PartitionLimits } from './held-partition.js';
import { Lanes, type Park } from './lanes.js';
import type { KeptRecord, RecordWork } from './record-work.js';

export type { KeptRecord, RecordWork } from './record-work.js';
import { weightOf } from './record-weight.js';

export interface ConsumptionOptions {
  group: string;
  topics: readonly string[];
  /** Where the group begins that has committed nothing yet. Default `earliest`. */
  from?: 'earliest' | 'latest';
  /** The assigner of the other client whose members share the group. Default: there are none. */
  sharedBy?: string;
  /** Records worked on side by side. */
  concurrency: number;
  /** What may be taken in and not finished at a time, in bytes; partitions share it evenly. Default 64 MiB. */
  maxBytes?: number;
  /**
   * Commits carry what is done beyond their offset, so that the next owner does not work on it again. Default false:
   * what is beyond is worked on again.
   */
  keepDone?: boolean;
  /** Whether `work` is told of records that may have been begun with before. Default false. */
  tellRedelivered?: boolean;
  /** Makes the work for a record; `redelivered` where another member may have begun with it before. */
  work(record: ReceivedRecord, redelivered: boolean): RecordWork | KeptRecord;
  /** Records were read, and are taken in. */
  onReceived?(batch: ReceivedBatch): void;
  /** A commit failed: it is tried again with the next one. */
  onCommitError(error: Error): void;
}

/** How often finished offsets are committed, in ms. */
const COMMIT_EVERY_MS = 500;
/** What the last commit may take at least, also where work has used up the time there was. In ms. */
const LAST_COMMIT_MS = 250;
/** As well as leaving the group, in ms. */
const LEAVE_MS = 150;
/** How long a partition that goes to another member waits for the work on it that has begun, in ms. */
const REVOCATION_WAIT_MS = 1000;
/**
 * Records of a partition taken in and not finished at which it pauses, in multiples of the concurrency. Each pauses by
 * itself: a slow one holds up none of the others.
 */
const PAUSE_AT = 2;
/** Far more than what is read at a time, so that it binds only where records are large. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A service's share of its topics: takes records in from the driver, runs them in lanes, and commits only what is
 * done. Nothing of the user's is awaited in the driver's loop.
 */
export class Consumption {
  private readonly lanes: Lanes;
  private readonly held = new Map<string, HeldPartition>();
  private readonly finishedListeners = new Set<() => void>();
  private subscription: Subscription | undefined;
  private commitTimer: NodeJS.Timeout | undefined;
  private draining = false;
  private readonly settledIn = new Condition();
  /** Assignments by the group, the first one included. */
  rebalances = 0;

  constructor(
    private readonly driver: Pick<Driver, 'subscribe'>,
    private readonly options: ConsumptionOptions,
  ) {
    this.lanes = new Lanes(options.concurrency);
  }

  /** True once the group has given this member an assignment, an empty one included. */
  get assigned(): boolean {
    return this.rebalances > 0;
  }

  get group(): string {
    return this.options.group;
  }

  /** What is not done of each partition that has been read; kept from the last time anything came of it. */
  get lags(): { topic: string; partition: number; lag: number }[] {
    return [...this.held.values()].flatMap(({ topic, partition, lag }) =>
      lag === undefined ? [] : [{ topic, partition, lag }],
    );
  }

  /** What reads, and keeps the membership, as it is now. */
  loops(): readonly LoopHealth[] {
    return this.subscription?.loops() ?? [];
  }

  get load(): number {
    return this.lanes.load;
  }

  async start(): Promise<void> {
    const { group, topics, from = 'earliest', sharedBy, tellRedelivered = false } = this.options;
    this.subscription = await this.driver.subscribe({
      group,
      topics,
      from,
      ...(sharedBy !== undefined && { sharedBy }),
      tellEnds: tellRedelivered,
      onBatch: batch => this.take(batch),
      onAssigned: assignments => this.assign(assignments),
      onRevoked: assignments => this.revoke(assignments),
    });
    if (this.draining) {
      await this.subscription.close();
      return;
    }
    // Records may have come before there was anything to pause.
    this.subscription.pause([...this.held.values()].filter(({ paused }) => paused));
    this.commitTimer = setInterval(() => this.turn(), COMMIT_EVERY_MS);
  }

  /**
   * Resolves once the group has given this member its first assignment, at the latest after `withinMs`: what is produced
   * then is not taken for what another member may have begun with.
   */
  async firstAssigned(withinMs: number): Promise<void> {
    if (!this.assigned && !this.draining) await this.settledIn.wait(withinMs);
  }

  /**
   * Takes nothing more, lets what runs finish within `timeoutMs`, commits and leaves the group. What that takes is bounded
   * too, where Kafka does not answer.
   */
  async drain(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    this.draining = true;
    this.settledIn.signal();
    for (const held of this.held.values()) held.stop();
    await this.lanes.stop(timeoutMs);
    clearInterval(this.commitTimer);
    const commitMs = Math.max(LAST_COMMIT_MS, until - performance.now());
    const late = () => new Error(`Kafka did not take the last commit within ${Math.round(commitMs)} ms`);
    await within(this.commit([...this.held.values()]), commitMs, late).catch((error: Error) =>
      this.options.onCommitError(error),
    );
    await this.subscription?.close({ withinMs: Math.max(LEAVE_MS, until - performance.now()) });
    this.held.clear();
  }

  private assign(assignments: readonly Assignment[]): void {
    this.rebalances += 1;
    for (const assignment of assignments) {
      const before = this.held.get(partitionName(assignment));
      before?.giveUp();
      // Its log was replaced while it was paused: it is read anew, as the same partition.
      if (before?.paused) this.subscription?.resume([assignment]);
      const held: HeldPartition = new HeldPartition(assignment, {
        keepsDone: this.options.keepDone ?? false,
        onDue: () => this.relieve(held),
        begin: work => this.lanes.add(work),
      });
      this.held.set(held.name, held);
    }
    this.settledIn.signal();
  }

  private async revoke(assignments: readonly Assignment[]): Promise<void> {
    const revoked = assignments
      .map(assignment => this.held.get(partitionName(assignment)))
      .filter(held => held !== undefined);
    for (const held of revoked) held.giveUp();
    await this.finished(revoked);
    await this.commit(revoked);
    for (const held of revoked) if (this.held.get(held.name) === held) this.held.delete(held.name);
  }

  private take(batch: ReceivedBatch): void {
    const held = this.held.get(partitionName(batch));
    if (this.draining || held?.epoch !== batch.epoch || held.givenUp) return;
    held.highWatermark = batch.highWatermark;
    this.options.onReceived?.(batch);
    for (const record of batch.records) {
      if (!held.ledger.take(record.offset)) continue;
      const work = this.options.work(record, record.offset < held.end);
      if ('kept' in work)
        work.kept.then(
          () => held.ledger.finish(record.offset),
          () => undefined,
        );
      else this.admit(held, record, work);
    }
    this.pauseWhereFull(held);
  }

  private admit(held: HeldPartition, record: ReceivedRecord, work: RecordWork): void {
    const bytes = weightOf(record);
    held.took(bytes);
    held.admit(record.offset, work.dueAt, {
      lane: work.lane,
      source: held.name,
      run: park => this.begin(held, record.offset, bytes, work, park),
    });
  }

  /** Begins with a record, unless its partition is about to be another member's: that one does it then. */
  private async begin(
    held: HeldPartition,
    offset: number,
    bytes: number,
    work: RecordWork,
    park: Park,
  ): Promise<void> {
    if (held.givenUp) return;
    const done = () => held.ledger.finish(offset);
    held.running += 1;
    try {
      await work.run(done, work.shelves ? this.shelf(held, bytes, park) : park, held.left);
      done();
    } catch {
      // Its offset is not done: the work is for the next owner.
    } finally {
      held.running -= 1;
      held.finished(bytes);
      held.goOn();
      if (held.paused) this.relieve(held);
      if (held.givenUp) for (const listener of this.finishedListeners) listener();
    }
  }

  private shelf(held: HeldPartition, bytes: number, park: Park): Park {
    return async awaited => {
      held.running -= 1;
      held.finished(bytes);
      if (held.paused) this.relieve(held);
      const outcome = await park(awaited).finally(() => {
        held.running += 1;
        held.took(bytes);
      });
      if (held.givenUp) throw new Error(`${held.name} is another member’s`);
      return outcome;
    };
  }

  /** Resolves once nothing runs of these partitions, or after a while: what still runs may then run elsewhere too. */
  private async finished(partitions: readonly HeldPartition[]): Promise<void> {
    const runs = () => partitions.some(({ running }) => running > 0);
    if (!runs()) return;
    await new Promise<void>(resolve => {
      const end = () => {
        clearTimeout(timer);
        this.finishedListeners.delete(listener);
        resolve();
      };
      const listener = () => {
        if (!runs()) end();
      };
      const timer = setTimeout(end, REVOCATION_WAIT_MS);
      this.finishedListeners.add(listener);
    });
  }

  private turn(): void {
    const all = [...this.held.values()];
    // What kept one from being read may have been another's: slots, or its share of the bytes.
    for (const held of all) if (held.paused) this.relieve(held);
    void this.commit(all);
  }

  private pauseWhereFull(held: HeldPartition): void {
    if (held.paused || !held.isFull(this.limits)) return;
    held.paused = true;
    this.subscription?.pause([held]);
  }

  private relieve(held: HeldPartition): void {
    if (!held.paused || held.givenUp || !held.isRelieved(this.limits, this.lanes.idle)) return;
    held.paused = false;
    this.subscription?.resume([held]);
  }

  private get limits(): PartitionLimits {
    const { concurrency, maxBytes = MAX_BYTES } = this.options;
    return { records: concurrency * PAUSE_AT, bytes: maxBytes / Math.max(1, this.held.size) };
  }

  private async commit(partitions: readonly HeldPartition[]): Promise<void> {
    const owing = partitions.flatMap(held => {
      const standing = held.standing();
      return standing ? [{ held, standing }] : [];
    });
    if (owing.length === 0) return;
    try {
      await this.subscription?.commit(
        owing.map(({ held: { topic, partition, epoch }, standing }) => ({
          topic,
          partition,
          epoch,
          ...standing,
        })),
      );
      for (const { held, standing } of owing) held.wasCommitted(standing);
    } catch (error) {
      // The broker keeps less than brokers do by default: what is beyond the offset is worked on again then.
      if (error instanceof DriverError && error.code === 'OFFSET_METADATA_TOO_LARGE')
        for (const { held } of owing) held.tellLess();
      this.options.onCommitError(error as Error);
    }
  }
}
