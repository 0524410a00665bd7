import type { DriverErrorKind, OutgoingRecord } from '../drivers/driver.js';
import type { Status } from '../wire/status.js';

/** What waits in the sender to leave as one record. Exactly one of `delivered` and `failed` is called, once. */
export interface Parcel {
  readonly topic: string;
  readonly partition: number;
  /** What the parcel weighs in the queue, in bytes; may grow until it is sealed. */
  readonly bytes: number;
  /** Monotonic milliseconds after which there is no use in sending it. */
  readonly expiresAt: number;
  /** True once nobody wants it sent: it is removed without a call of either outcome. */
  readonly withdrawn: boolean;
  /** Makes the record and closes the parcel to changes: a retry sends the same bytes. */
  seal(): OutgoingRecord;
  /** Every in-sync replica has the record. */
  delivered(offset: number): void;
  failed(status: Status): void;
  /** Two parcels that carry the same in the same order, for one that the broker refuses as `kind` says. */
  split?(kind: DriverErrorKind): readonly [Parcel, Parcel] | undefined;
}

/** One record of the caller's own, such as a request or an event. */
export class RecordParcel implements Parcel {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
  withdrawn = false;

  constructor(
    protected readonly record: OutgoingRecord,
    readonly expiresAt: number,
    readonly delivered: (offset: number) => void,
    readonly failed: (status: Status) => void,
  ) {
    this.topic = record.topic;
    this.partition = record.partition;
    this.bytes = recordBytes(record);
  }

  seal(): OutgoingRecord {
    return this.record;
  }

  /** The call ended before its record left. */
  withdraw(): void {
    this.withdrawn = true;
  }
}

/** A record's varints, timestamps and lengths, rounded up. */
const RECORD_OVERHEAD = 64;

/** What a record weighs on its way, about. */
export function recordBytes(record: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>): number {
  let bytes = RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const name of Object.keys(record.headers)) bytes += name.length + record.headers[name]!.length + 4;
  return bytes;
}
