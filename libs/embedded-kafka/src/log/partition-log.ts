import { recordAt } from './record-times.js';
import { ProducerStates } from './producer-states.js';
import type { RecordBatch } from './record-batch.js';

interface Entry {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
  readonly batch: RecordBatch;
  /** The highest timestamp up to and with this batch: it never falls, so it can be searched by halves. */
  readonly highestTimestamp: number;
}

export interface Appended {
  readonly baseOffset: number;
  /** The time the log gave the batch, or -1 where records keep their producer's; a duplicate's newest time. */
  readonly logAppendTime: number;
}

export interface AppendOptions {
  readonly leaderEpoch: number;
  /** Set where the topic stamps records itself: milliseconds since the Unix epoch. */
  readonly appendTime?: number;
}

/** Dropped entries that may stay in front of the array before it is cut: makes dropping cheap on average. */
const SLACK = 1024;

/** The record batches of one partition, in memory, bounded in bytes: the oldest batches go first. */
export class PartitionLog {
  /** Those before `head` were dropped, and let go. */
  private entries: (Entry | undefined)[] = [];
  private head = 0;
  private size = 0;
  private start = 0;
  private end = 0;
  private readonly producers = new ProducerStates();

  constructor(private readonly maxBytes: number) {}

  /** The first offset that can be read. */
  get startOffset(): number {
    return this.start;
  }

  /** The offset that the next record will get; also the high watermark. */
  get endOffset(): number {
    return this.end;
  }

  get bytes(): number {
    return this.size;
  }

  /**
   * Appends a checked batch, or says where it already is when an idempotent producer sent it twice.
   * @throws KafkaError as ProducerStates.check does
   */
  append(produced: RecordBatch, { leaderEpoch, appendTime }: AppendOptions): Appended {
    const duplicate = this.producers.check(produced);
    if (duplicate) return { baseOffset: duplicate.baseOffset, logAppendTime: duplicate.timestamp };

    const batch = produced.placedAt(this.end, leaderEpoch);
    if (appendTime === undefined) batch.unstamp();
    else batch.stamp(appendTime);
    const entry: Entry = {
      baseOffset: this.end,
      lastOffset: this.end + batch.lastOffsetDelta,
      bytes: batch.bytes,
      batch,
      highestTimestamp: Math.max(batch.maxTimestamp, this.entries.at(-1)?.highestTimestamp ?? -1),
    };
    this.entries.push(entry);
    this.end = entry.lastOffset + 1;
    this.size += entry.bytes.length;
    this.producers.record(batch);
    while (this.size > this.maxBytes && this.head < this.entries.length - 1)
      this.deleteBefore((this.entries[this.head]?.lastOffset ?? 0) + 1);
    return { baseOffset: entry.baseOffset, logAppendTime: appendTime ?? -1 };
  }

  /**
   * Whole batches from the one that holds `offset` on, up to `maxBytes`; with `atLeastOne`, the first one even
   * when it is larger. The offset must lie between start and end.
   */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer[] {
    const found: Buffer[] = [];
    let left = maxBytes;
    for (let index = this.indexOf(offset); index < this.entries.length; index++) {
      const bytes = this.entries[index]?.bytes;
      if (!bytes || (bytes.length > left && !(atLeastOne && found.length === 0))) break;
      found.push(bytes);
      left -= bytes.length;
    }
    return found;
  }

  /** The first record that is no older than `timestamp`, or undefined where all are. */
  findByTime(timestamp: number): { offset: number; timestamp: number } | undefined {
    const entry = this.entries[this.search(({ highestTimestamp }) => highestTimestamp >= timestamp)];
    if (!entry) return undefined;
    const record = recordAt(entry.batch, timestamp);
    return record.offset < this.start ? { ...record, offset: this.start } : record;
  }

  /** Moves the start up to `offset`, as DeleteRecords does; batches that lie wholly before it are dropped. */
  deleteBefore(offset: number): void {
    this.start = Math.max(this.start, Math.min(offset, this.end));
    for (;;) {
      const first = this.entries[this.head];
      if (!first || first.lastOffset >= this.start) break;
      this.size -= first.bytes.length;
      this.entries[this.head++] = undefined;
    }
    if (this.head > SLACK && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  /** The offset after the last record written under a leader of that epoch, or of one before it. */
  endOfEpoch(leaderEpoch: number): number {
    const next = this.entries[this.search(({ batch }) => batch.leaderEpoch > leaderEpoch)];
    return next?.baseOffset ?? this.end;
  }

  /** Drops the batches that end at or after `offset`, as a broker does that leads without having had them. */
  truncateTo(offset: number): void {
    for (;;) {
      const last = this.entries.length > this.head ? this.entries.at(-1) : undefined;
      if (!last || last.lastOffset < offset) break;
      this.entries.pop();
      this.size -= last.bytes.length;
      this.end = last.baseOffset;
    }
    this.start = Math.min(this.start, this.end);
  }

  private indexOf(offset: number): number {
    return this.search(({ lastOffset }) => lastOffset >= offset);
  }

  /** The first entry that fits, where all after the first fitting one fit as well. */
  private search(fits: (entry: Entry) => boolean): number {
    let low = this.head;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries[middle];
      if (entry && fits(entry)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
