import type { OutgoingRecord } from '../drivers/driver.js';
import type { Parcel } from './parcel.js';

/** At most so many records of one partition in a request: a larger batch keeps the broker and neighbours busy. */
export const MAX_BATCH_RECORDS = 1000;
/** At most so many bytes of one partition in a request; half the broker's default max.message.bytes. */
export const MAX_BATCH_BYTES = 512 * 1024;

/**
 * What waits for one partition, in order. One batch at a time is out; until its outcome is known nothing later
 * leaves, and a batch that is put back leaves again unchanged before anything later.
 */
export class PartitionQueue {
  /** The node that leads the partition, -1 while it has no leader, undefined until metadata was asked. */
  leader: number | undefined;
  /** Failed attempts in a row. */
  attempts = 0;
  retryTimer: NodeJS.Timeout | undefined;
  lookingUp = false;
  /** Something waits that is not to wait for others. */
  urgent = false;
  private waiting: Parcel[] = [];
  private head = 0;
  /** What may wait behind the rest: one leaves with each batch. */
  private bulk: Parcel[] = [];
  private out: Parcel[] = [];
  private batchLimit = MAX_BATCH_RECORDS;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get busy(): boolean {
    return this.out.length > 0 || this.retryTimer !== undefined || this.lookingUp;
  }

  get hasWaiting(): boolean {
    return this.head < this.waiting.length || this.bulk.length > 0;
  }

  push(parcel: Parcel, urgent = true): void {
    this.waiting.push(parcel);
    if (urgent) this.urgent = true;
  }

  /** For a large parcel that no order is owed to: what comes after it need not wait for it. */
  pushBulk(parcel: Parcel): void {
    this.bulk.push(parcel);
    this.urgent = true;
  }

  /**
   * Takes the next batch out and returns its records. Parcels that were withdrawn or are past their time are
   * handed to `dropped` instead.
   */
  take(now: number, dropped: (parcel: Parcel) => void): OutgoingRecord[] {
    const records: OutgoingRecord[] = [];
    let bytes = 0;
    while (this.head < this.waiting.length && records.length < this.batchLimit) {
      const parcel = this.waiting[this.head]!;
      if (parcel.withdrawn || parcel.expiresAt <= now) {
        this.head += 1;
        dropped(parcel);
        continue;
      }
      if (records.length > 0 && bytes + parcel.bytes > MAX_BATCH_BYTES) break;
      this.head += 1;
      bytes += parcel.bytes;
      records.push(parcel.seal());
      this.out.push(parcel);
    }
    this.compact();
    if (this.bulk.length > 0) this.takeBulk(now, records, bytes, dropped);
    this.urgent = this.hasWaiting;
    return records;
  }

  /** The batch that is out, which is out no more. */
  settle(): Parcel[] {
    const parcels = this.out;
    this.out = [];
    return parcels;
  }

  /** The batch was acknowledged: the next may be of full size again. */
  restoreLimit(): void {
    this.batchLimit = Math.min(MAX_BATCH_RECORDS, this.batchLimit * 2);
  }

  /** The next batch has at most half of what this one had. */
  halve(records: number): void {
    this.batchLimit = Math.max(1, Math.floor(records / 2));
  }

  putBack(parcels: readonly Parcel[]): void {
    this.waiting = [...parcels, ...this.waiting.slice(this.head)];
    this.head = 0;
    this.urgent = true;
  }

  /** Takes out what is withdrawn or past its time, without sending anything. */
  expire(now: number, dropped: (parcel: Parcel) => void): void {
    const stays = (parcel: Parcel) => {
      const over = parcel.withdrawn || parcel.expiresAt <= now;
      if (over) dropped(parcel);
      return !over;
    };
    const { bulk } = this;
    this.bulk = [];
    this.waiting = this.drainWaiting().filter(stays);
    this.bulk = bulk.filter(stays);
  }

  /** Everything that waits, which waits no more. */
  drainWaiting(): Parcel[] {
    const parcels = [...this.waiting.slice(this.head), ...this.bulk];
    this.waiting = [];
    this.head = 0;
    this.bulk = [];
    return parcels;
  }

  /** As many as fit, and one even where the batch is full, so that none starves: a broker takes both together. */
  private takeBulk(
    now: number,
    records: OutgoingRecord[],
    filled: number,
    dropped: (parcel: Parcel) => void,
  ): void {
    let taken = 0;
    let bytes = filled;
    while (this.bulk.length > 0 && records.length < this.batchLimit) {
      const parcel = this.bulk[0]!;
      const over = parcel.withdrawn || parcel.expiresAt <= now;
      if (!over && taken > 0 && bytes + parcel.bytes > MAX_BATCH_BYTES) return;
      this.bulk.shift();
      if (over) {
        dropped(parcel);
        continue;
      }
      taken += 1;
      bytes += parcel.bytes;
      records.push(parcel.seal());
      this.out.push(parcel);
    }
  }

  private compact(): void {
    if (this.head === this.waiting.length) {
      this.waiting = [];
      this.head = 0;
    } else if (this.head > 4096) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
  }
}
