import type { Assignment } from '../drivers/driver.js';
import { decodeRuns, encodeRuns } from './done-runs.js';
import { DueQueue } from './due-queue.js';
import { Ledger } from './ledger.js';

/** What a partition may have taken in and not finished. */
export interface PartitionLimits {
  records: number;
  bytes: number;
}

/** What a commit says of a partition. */
export interface Standing {
  offset: number;
  metadata: string;
}

/** The share of a limit with which a partition that has paused goes on: sooner, it would pause again with the next batch. */
const RESUME_AT = 1 / 4;

/** One partition for one assignment: what is taken in of it, what of that is done, and whether it is read on. */
export class HeldPartition implements Assignment {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly end: number;
  readonly name: string;
  readonly ledger: Ledger;
  /** What is taken in and not due yet. */
  readonly early: DueQueue;
  /** It is not read for now. */
  paused = false;
  /** It is another member's before long: nothing of it is begun any more. */
  givenUp = false;
  /** Work of its records that has begun and not finished. */
  running = 0;
  /** Where the log ended when it was read last. */
  highWatermark: number | undefined;
  private records = 0;
  private bytes = 0;
  /** What was committed last, as far as that is known. */
  private known: Standing | undefined;

  /** `keepsDone`: commits say too what is done beyond their offset. `onDue` is told when nothing is early any more. */
  constructor(
    assignment: Assignment,
    private readonly keepsDone: boolean,
    onDue: () => void,
  ) {
    const { topic, partition, epoch, committed, end = 0 } = assignment;
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.end = end;
    this.name = partitionName(assignment);
    this.ledger = new Ledger(committed && keepsDone ? decodeRuns(committed.offset, committed.metadata) : []);
    this.early = new DueQueue(onDue);
  }

  /** A record of so many bytes was taken in. */
  took(bytes: number): void {
    this.records += 1;
    this.bytes += bytes;
  }

  /** A record of so many bytes has finished, well or not. */
  finished(bytes: number): void {
    this.records -= 1;
    this.bytes -= bytes;
  }

  /** It has enough in hand, or what follows is not due yet. */
  isFull(limits: PartitionLimits): boolean {
    return this.early.size > 0 || this.records >= limits.records || this.bytes >= limits.bytes;
  }

  /** So little is in hand that it is time to read on. */
  isRelieved({ records, bytes }: PartitionLimits): boolean {
    return this.early.size === 0 && this.records <= records * RESUME_AT && this.bytes <= bytes * RESUME_AT;
  }

  /** Records up to the log's end that are not done; undefined until anything has been read. */
  get lag(): number | undefined {
    const next = this.ledger.advance() ?? this.ledger.firstOpen;
    if (next === undefined || this.highWatermark === undefined) return undefined;
    return Math.max(0, this.highWatermark - next);
  }

  /** What there is to commit; undefined where that is committed already. */
  standing(): Standing | undefined {
    const all = this.ledger.advance();
    const runs = this.keepsDone ? this.ledger.doneBeyond() : [];
    const offset = all ?? (runs.length > 0 ? this.ledger.firstOpen : undefined);
    if (offset === undefined) return undefined;
    const metadata = encodeRuns(offset, runs);
    if (this.known?.offset === offset && this.known.metadata === metadata) return undefined;
    return { offset, metadata };
  }

  /** The group has it. */
  wasCommitted(standing: Standing): void {
    this.known = standing;
  }
}

export function partitionName({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
