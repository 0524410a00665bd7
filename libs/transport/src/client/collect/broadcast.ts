import type { OutgoingRecord } from '../../drivers/driver.js';
import type { Link } from '../../link/link.js';
import { RecordParcel } from '../../link/parcel.js';
import type { Status } from '../../wire/status.js';

/** One record in every partition of a topic. */
export class Broadcast {
  private parcels: RecordParcel[] = [];
  private failures = 0;
  private withdrawn = false;

  constructor(private readonly link: Pick<Link, 'driver' | 'sender'>) {}

  /**
   * Resolves with the number of partitions once the records wait to leave; 0 for a topic that does not exist.
   * `onFailed` is told when the last of them has failed and not one has arrived.
   */
  async send(
    record: Omit<OutgoingRecord, 'partition'>,
    timeoutMs: number,
    onFailed: (status: Status) => void,
  ): Promise<number> {
    const partitions = await this.link.driver.partitions(record.topic);
    if (this.withdrawn) return partitions.length;
    const failed = (status: Status) => {
      this.failures += 1;
      if (this.failures === partitions.length) onFailed(status);
    };
    const expiresAt = performance.now() + timeoutMs;
    this.parcels = partitions.map(
      ({ partition }) => new RecordParcel({ ...record, partition }, expiresAt, () => undefined, failed),
    );
    for (const parcel of this.parcels) {
      const refused = this.link.sender.offer(parcel);
      if (refused) failed(refused);
    }
    return partitions.length;
  }

  /** What has not left yet stays. */
  withdraw(): void {
    this.withdrawn = true;
    for (const parcel of this.parcels) parcel.withdraw();
  }
}
