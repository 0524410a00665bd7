import type { Assignment, Driver, ReceivedBatch, ReceivedRecord, Subscription } from '../drivers/driver.js';
import { decodeRuns, encodeRuns } from './done-runs.js';
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

/** A record that is done with another one: it takes neither lane nor slot. */
export interface KeptRecord {
  /** Its offset is done once this has resolved, and not where it rejects. */
  kept: Promise<void>;
}

export interface ConsumptionOptions {
  group: string;
  topics: readonly string[];
  /** Records worked on side by side. */
  concurrency: number;
  /**
   * Commits carry what is done beyond their offset, so that the next owner does not work on it again. Default false:
   * what is beyond is worked on again.
   */
  keepDone?: boolean;
  /** Whether `work` is told of records that may have been begun with before. Default false. */
  tellRedelivered?: boolean;
  /** Makes the work for a record; `redelivered` where another member may have begun with it before. */
  work(record: ReceivedRecord, redelivered: boolean): RecordWork | KeptRecord;
  /** A commit failed: it is tried again with the next one. */
  onCommitError(error: Error): void;
}

/** How often finished offsets are committed, in ms. */
const COMMIT_EVERY_MS = 500;
/** How long a partition that goes to another member waits for the work on it that has begun, in ms. */
const REVOCATION_WAIT_MS = 1000;
/** Records taken in and not finished at which partitions pause, in multiples of the concurrency. */
const PAUSE_AT = 2;

interface Held extends Assignment {
  ledger: Ledger;
  /** Work of its records that has begun and not finished. */
  running: number;
  /** It is another member's before long: nothing of it is begun any more. */
  givenUp: boolean;
  /** What was committed last, as far as that is known. */
  known?: Standing;
}

/** What a commit says of a partition. */
interface Standing {
  offset: number;
  metadata: string;
}

/**
 * A service's share of its topics: takes records in from the driver, runs them in lanes, and commits only what is
 * done. Nothing of the user's is awaited in the driver's loop.
 */
export class Consumption {
  private readonly lanes: Lanes;
  private readonly held = new Map<string, Held>();
  private readonly finishedListeners = new Set<() => void>();
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
    for (const assignment of assignments) {
      const { committed } = assignment;
      const earlier =
        committed && this.options.keepDone ? decodeRuns(committed.offset, committed.metadata) : [];
      this.held.set(keyOf(assignment), {
        ...assignment,
        ledger: new Ledger(earlier),
        running: 0,
        givenUp: false,
      });
    }
    if (this.paused) this.subscription?.pause(assignments);
  }

  private async revoke(assignments: readonly Assignment[]): Promise<void> {
    const revoked = assignments
      .map(assignment => this.held.get(keyOf(assignment)))
      .filter(held => held !== undefined);
    for (const held of revoked) held.givenUp = true;
    await this.finished(revoked);
    await this.commit(revoked);
    for (const { topic, partition, epoch } of revoked) {
      if (this.held.get(keyOf({ topic, partition }))?.epoch === epoch)
        this.held.delete(keyOf({ topic, partition }));
    }
  }

  private take(batch: ReceivedBatch): void {
    const held = this.held.get(keyOf(batch));
    if (this.draining || held?.epoch !== batch.epoch || held.givenUp) return;
    for (const record of batch.records) {
      if (!held.ledger.take(record.offset)) continue;
      const work = this.options.work(record, record.offset < (held.end ?? 0));
      if ('kept' in work)
        work.kept.then(
          () => held.ledger.finish(record.offset),
          () => undefined,
        );
      else this.lanes.add({ lane: work.lane, run: () => this.begin(held, record.offset, work) });
    }
    if (!this.paused && this.lanes.load >= this.options.concurrency * PAUSE_AT) {
      this.paused = true;
      this.subscription?.pause([...this.held.values()]);
    }
  }

  /** Begins with a record, unless its partition is about to be another member's: that one does it then. */
  private async begin(held: Held, offset: number, work: RecordWork): Promise<void> {
    if (held.givenUp) return;
    const done = once(() => held.ledger.finish(offset));
    held.running += 1;
    try {
      await work.run(done);
      done();
    } catch {
      // Its offset is not done: the work is for the next owner.
    } finally {
      held.running -= 1;
      if (held.givenUp) for (const listener of this.finishedListeners) listener();
    }
  }

  /** Resolves once nothing runs of these partitions, or after a while: what still runs may then run elsewhere too. */
  private async finished(partitions: readonly Held[]): Promise<void> {
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

  private relieve(): void {
    if (!this.paused || this.lanes.load > this.options.concurrency / 2) return;
    this.paused = false;
    this.subscription?.resume([...this.held.values()]);
  }

  private async commit(partitions: readonly Held[]): Promise<void> {
    const owing = partitions.flatMap(held => {
      const standing = this.standingOf(held);
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
      for (const { held, standing } of owing) held.known = standing;
    } catch (error) {
      this.options.onCommitError(error as Error);
    }
  }

  /** What there is to commit of a partition; undefined where that is committed already. */
  private standingOf({ ledger, known }: Held): Standing | undefined {
    const all = ledger.advance();
    const runs = this.options.keepDone ? ledger.doneBeyond() : [];
    const offset = all ?? (runs.length > 0 ? ledger.firstOpen : undefined);
    if (offset === undefined) return undefined;
    const metadata = encodeRuns(offset, runs);
    if (known?.offset === offset && known.metadata === metadata) return undefined;
    return { offset, metadata };
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
