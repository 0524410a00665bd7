import { setMaxListeners } from 'node:events';
import type { Assignment } from '../drivers/driver.js';
import { decodeRuns, encodeRuns, MAX_RUN_BYTES, mostRunBytes } from './done-runs.js';
import { DueQueue } from './due-queue.js';
import type { Work } from './lanes.js';
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
/** The same where nothing waits for a slot: what is in hand waits for something else then, such as one slow key. */
const RESUME_IDLE_AT = 3 / 4;
/** A commit can tell of what is done between so many open records, wherever they are. */
const ALWAYS_TOLD = 200;
/** What joins the runs of an earlier owner to the others takes at most, in bytes. */
const SEAM_BYTES = 8;

export interface HeldPartitionOptions {
  /** Commits say too what is done beyond their offset. */
  keepsDone: boolean;
  /** Told when nothing is early any more. */
  onDue(): void;
  /** Begins with a record that waited. */
  begin(work: Work): void;
}

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
  /**
   * What is due and not begun with yet: with it, a commit might not hold what is done beyond what is open, depending on what
   * is done next. In order.
   */
  private readonly heldBack: { offset: number; work: Work }[] = [];
  /** It is not read for now. */
  paused = false;
  /** It is another member's before long: nothing of it is begun any more. */
  givenUp = false;
  private readonly leaving = new AbortController();
  /** Work of its records that has begun and not finished. */
  running = 0;
  /** Where the log ended when it was read last. */
  highWatermark: number | undefined;
  private records = 0;
  private bytes = 0;
  /** Records taken that are early or held back. */
  private waiting = 0;
  /** No record before this is open. */
  private openFrom = 0;
  /** Commits tell what is done beyond their offset. */
  private tells: boolean;
  /** What was committed last, as far as that is known. */
  private known: Standing | undefined;

  constructor(
    assignment: Assignment,
    private readonly options: HeldPartitionOptions,
  ) {
    const { topic, partition, epoch, committed, end = 0 } = assignment;
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.end = end;
    this.name = partitionName(assignment);
    this.tells = options.keepsDone;
    this.ledger = new Ledger(
      committed && options.keepsDone ? decodeRuns(committed.offset, committed.metadata) : [],
    );
    this.early = new DueQueue(() => options.onDue());
    // As many listen as there is work that waits: Node would warn of a leak at eleven.
    setMaxListeners(0, this.leaving.signal);
  }

  /** Aborted once nothing more is to be begun: it is given up, or its member stops. */
  get left(): AbortSignal {
    return this.leaving.signal;
  }

  giveUp(): void {
    this.givenUp = true;
    this.stop();
  }

  /** Begins with nothing more of what waits. */
  stop(): void {
    this.leaving.abort();
    this.early.close();
    this.heldBack.length = 0;
  }

  /** Begins with a record taken when it may be: once due, behind what came before it, where a commit has room. */
  admit(offset: number, dueAt: number | undefined, work: Work): void {
    if (this.early.size === 0 && dueAt === undefined) {
      this.enter(offset, work);
      return;
    }
    this.waiting += 1;
    this.early.add(dueAt ?? 0, () => {
      this.waiting -= 1;
      this.enter(offset, work);
    });
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

  /** Something that was open is not any more, or will not be before the partition is another member's. */
  goOn(): void {
    while (this.heldBack.length > 0 && this.hasRoom(this.heldBack[0]!.offset, 1)) {
      this.waiting -= 1;
      this.options.begin(this.heldBack.shift()!.work);
    }
  }

  /** It has enough in hand, or what follows is not due yet. */
  isFull(limits: PartitionLimits): boolean {
    return this.early.size > 0 || this.records >= limits.records || this.bytes >= limits.bytes;
  }

  /** So little is in hand that it is time to read on. `idle`: nothing waits for a slot. */
  isRelieved({ records, bytes }: PartitionLimits, idle: boolean): boolean {
    if (this.early.size > 0 || this.bytes > bytes * RESUME_AT) return false;
    return this.records <= records * (idle ? RESUME_IDLE_AT : RESUME_AT);
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
    const runs = this.tells ? this.ledger.doneBeyond() : [];
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

  /** The broker refuses what commits tell: from now on they tell their offset alone. */
  tellLess(): void {
    this.tells = false;
  }

  private enter(offset: number, work: Work): void {
    if (this.heldBack.length === 0 && this.hasRoom(offset, 0)) {
      this.options.begin(work);
      return;
    }
    this.waiting += 1;
    this.heldBack.push({ offset, work });
  }

  /** Whether a commit holds what is done beyond what is open, this record and `more` counted, whatever is done next. */
  private hasRoom(offset: number, more: 0 | 1): boolean {
    const { ledger } = this;
    const open = ledger.open - this.waiting + more;
    if (!this.options.keepsDone || open <= 1) return true;
    const room = MAX_RUN_BYTES - (ledger.earlierBytes > 0 ? ledger.earlierBytes + SEAM_BYTES : 0);
    if (open <= ALWAYS_TOLD && room === MAX_RUN_BYTES) return true;
    if (mostRunBytes(open, offset + 1 - this.openFrom) <= room) return true;
    this.openFrom = ledger.firstOpen ?? offset;
    return mostRunBytes(open, offset + 1 - this.openFrom) <= room;
  }
}

export function partitionName({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}
