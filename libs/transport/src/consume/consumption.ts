import type { Assignment, Driver, ReceivedBatch, ReceivedRecord, Subscription } from '../drivers/driver.js';
import { Lanes } from './lanes.js';
import { Ledger } from './ledger.js';

/** What is to be done for one record. */
export interface RecordWork {
  /** Records of one lane run one after another; without a lane no order is owed. */
  lane: string | undefined;
  /**
   * Its lane and slot are free when the promise settles. The record's offset is done once it has resolved, and not
   * where it rejects; or already when `done` is called, while the work goes on.
   */
  run(done: () => void): Promise<void>;
}

export interface ConsumptionOptions {
  group: string;
  topics: readonly string[];
  /** Records worked on side by side. */
  concurrency: number;
  /** Whether `work` is told of records that may have been begun with before. Default false. */
  tellRedelivered?: boolean;
  /** Makes the work for a record; `redelivered` where another member may have begun with it before. */
  work(record: ReceivedRecord, redelivered: boolean): RecordWork;
  /** A commit failed: it is tried again with the next one. */
  onCommitError(error: Error): void;
}

/** How often finished offsets are committed, in ms. */
const COMMIT_EVERY_MS = 500;
/** Records taken in and not finished at which partitions pause, in multiples of the concurrency. */
const PAUSE_AT = 2;

interface Held extends Assignment {
  ledger: Ledger;
  /** What a failed commit would have committed. */
  owed?: number;
}

/**
 * A service's share of its topics: takes records in from the driver, runs them in lanes, and commits only what is
 * done. Nothing of the user's is awaited in the driver's loop.
 */
export class Consumption {
  private readonly lanes: Lanes;
  private readonly held = new Map<string, Held>();
  private subscription: Subscription | undefined;
  private commitTimer: NodeJS.Timeout | undefined;
  private paused = false;
  private draining = false;
  private everAssigned = false;

  constructor(
    private readonly driver: Driver,
    private readonly options: ConsumptionOptions,
  ) {
    this.lanes = new Lanes(options.concurrency, () => this.relieve());
  }

  /** True once the group has given this member an assignment, an empty one included. */
  get assigned(): boolean {
    return this.everAssigned;
  }

  get load(): number {
    return this.lanes.load;
  }

  async start(): Promise<void> {
    const { group, topics, tellRedelivered = false } = this.options;
    this.subscription = await this.driver.subscribe({
      group,
      topics,
      from: 'earliest',
      tellEnds: tellRedelivered,
      onBatch: batch => this.take(batch),
      onAssigned: assignments => this.assign(assignments),
      onRevoked: assignments => this.revoke(assignments),
    });
    // Records may have come before there was anything to pause.
    if (this.paused) this.subscription.pause([...this.held.values()]);
    this.commitTimer = setInterval(() => void this.commit([...this.held.values()]), COMMIT_EVERY_MS);
  }

  /** Takes nothing more, lets what runs finish within `timeoutMs`, commits and leaves the group. */
  async drain(timeoutMs: number): Promise<void> {
    this.draining = true;
    await this.lanes.stop(timeoutMs);
    clearInterval(this.commitTimer);
    await this.commit([...this.held.values()]);
    await this.subscription?.close();
    this.held.clear();
  }

  private assign(assignments: readonly Assignment[]): void {
    this.everAssigned = true;
    for (const assignment of assignments)
      this.held.set(keyOf(assignment), { ...assignment, ledger: new Ledger() });
    if (this.paused) this.subscription?.pause(assignments);
  }

  private async revoke(assignments: readonly Assignment[]): Promise<void> {
    const revoked = assignments
      .map(assignment => this.held.get(keyOf(assignment)))
      .filter(held => held !== undefined);
    await this.commit(revoked);
    for (const { topic, partition, epoch } of revoked) {
      if (this.held.get(keyOf({ topic, partition }))?.epoch === epoch)
        this.held.delete(keyOf({ topic, partition }));
    }
  }

  private take(batch: ReceivedBatch): void {
    const held = this.held.get(keyOf(batch));
    if (this.draining || held?.epoch !== batch.epoch) return;
    for (const record of batch.records) {
      if (!held.ledger.take(record.offset)) continue;
      const work = this.options.work(record, record.offset < (held.end ?? 0));
      const done = once(() => held.ledger.finish(record.offset));
      this.lanes.add({ lane: work.lane, run: () => work.run(done).then(done, () => undefined) });
    }
    if (!this.paused && this.lanes.load >= this.options.concurrency * PAUSE_AT) {
      this.paused = true;
      this.subscription?.pause([...this.held.values()]);
    }
  }

  private relieve(): void {
    if (!this.paused || this.lanes.load > this.options.concurrency / 2) return;
    this.paused = false;
    this.subscription?.resume([...this.held.values()]);
  }

  private async commit(partitions: readonly Held[]): Promise<void> {
    for (const held of partitions) held.owed = held.ledger.commit() ?? held.owed;
    const owing = partitions.filter(({ owed }) => owed !== undefined);
    const offsets = owing.map(({ topic, partition, epoch, owed }) => ({
      topic,
      partition,
      epoch,
      offset: owed!,
    }));
    if (offsets.length === 0) return;
    try {
      await this.subscription?.commit(offsets);
      for (const [index, held] of owing.entries()) {
        if (held.owed === offsets[index]!.offset) held.owed = undefined;
      }
    } catch (error) {
      this.options.onCommitError(error as Error);
    }
  }
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

function once(action: () => void): () => void {
  let called = false;
  return () => {
    if (called) return;
    called = true;
    action();
  };
}
