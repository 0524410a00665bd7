import { expect, vi } from 'vitest';
import { RecordParcel } from '../../link/parcel.js';
import { Sender } from '../../link/sender.js';
import type { Status } from '../../wire/status.js';
import type { Driver, OutgoingRecord, ReceivedRecord } from '../driver.js';
import { values } from './stage.js';

const TIMEOUT_MS = 60_000;

/** Parley's sender on a driver, with what became of every record it was given. */
export class Outbox {
  /** Offsets by value. */
  readonly acknowledged = new Map<string, number>();
  readonly failed = new Map<string, Status>();
  private readonly sender: Sender;
  private given = 0;

  constructor(driver: Driver) {
    this.sender = new Sender(driver);
  }

  send(...records: OutgoingRecord[]): void {
    for (const record of records) {
      const value = String(record.value);
      this.given++;
      const refused = this.sender.offer(
        new RecordParcel(
          record,
          performance.now() + TIMEOUT_MS,
          offset => this.acknowledged.set(value, offset),
          status => this.failed.set(value, status),
        ),
      );
      if (refused) this.failed.set(value, refused);
    }
  }

  /** Resolves once each record was acknowledged or failed. */
  async settled(timeout = 10_000): Promise<void> {
    await vi.waitFor(() => expect(this.acknowledged.size + this.failed.size).toBe(this.given), { timeout });
  }

  close(): Promise<void> {
    return this.sender.close(0);
  }

  /**
   * Holds what was read of a partition against what was given for it, in that order: each record is there at the
   * offset it was acknowledged with, and none before one that was given earlier. A batch whose answer was lost is
   * there again, as a whole and before anything later.
   */
  expectRead(read: readonly ReceivedRecord[], given: readonly string[]): void {
    expect([...new Set(values(read))]).toEqual(given);
    const places = new Map(given.map((value, place) => [value, place]));
    let last = -1;
    for (const value of values(read)) {
      const place = places.get(value) ?? -1;
      expect(place, `${value} follows ${given[last]}`).toBeLessThanOrEqual(last + 1);
      last = place;
    }
    const at = new Map(read.map(({ offset, value }) => [offset, String(value)]));
    for (const value of given) expect(at.get(this.acknowledged.get(value) ?? -1)).toBe(value);
    expect(read.map(({ offset }) => offset)).toEqual(read.map((_, index) => (read[0]?.offset ?? 0) + index));
  }
}
