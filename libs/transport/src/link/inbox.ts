import type { Driver, ReceivedBatch, ReceivedRecord, Tail } from '../drivers/driver.js';
import { decodeFrames, type Frame } from '../wire/frame.js';
import { decodeHeader, encodeHeader, PARLEY_HEADER, type InstanceAddress } from '../wire/header.js';
import { WireError } from '../wire/wire-error.js';

export interface InboxEvents {
  onFrames(frames: readonly Frame[]): void;
  /** Records that were never seen: whatever waits for a frame may have lost it. */
  onGap(): void;
  /** A record addressed to this instance that is not of the protocol; it is dropped. */
  onMalformed(error: WireError): void;
}

/**
 * Where frames for this instance arrive: one partition of its service's inbox topic, read without a consumer group
 * from its end as of the start. Instances may share a partition; each ignores what is not addressed to it.
 */
export class Inbox {
  /** What the header of a record for this instance is: others are skipped by comparing bytes. */
  private readonly ownHeader: Buffer;
  private tail: Tail | undefined;
  private own: InstanceAddress | undefined;

  constructor(
    private readonly driver: Driver,
    private readonly topic: string,
    private readonly instance: string,
    private readonly events: InboxEvents,
  ) {
    this.ownHeader = Buffer.from(encodeHeader({ kind: 'frames', instance }));
  }

  /** Where peers send frames to. Only after `open`. */
  get address(): InstanceAddress {
    if (!this.own) throw new Error('the inbox is not open');
    return this.own;
  }

  get reading(): boolean {
    return this.tail?.reading ?? false;
  }

  /** Resolves once the start offset is fixed: a reply produced from then on is seen. */
  async open(random: () => number = Math.random): Promise<void> {
    const partitions = await this.driver.partitions(this.topic, { fresh: true });
    const led = partitions.filter(({ leader }) => leader >= 0);
    if (led.length === 0) {
      throw new Error(
        partitions.length === 0
          ? `inbox topic ${this.topic} does not exist: let Parley provision it or create it`
          : `none of the ${partitions.length} partitions of inbox topic ${this.topic} has a leader`,
      );
    }
    const { partition } = led[Math.floor(random() * led.length)]!;
    this.tail = await this.driver.tail({
      topic: this.topic,
      partitions: [partition],
      from: 'end',
      onBatch: batch => this.take(batch),
      onGap: () => this.events.onGap(),
    });
    this.own = { topic: this.topic, partition, instance: this.instance };
  }

  async close(): Promise<void> {
    await this.tail?.close();
  }

  private take(batch: ReceivedBatch): void {
    for (const record of batch.records) {
      if (!this.isOwn(record)) continue;
      try {
        this.events.onFrames(decodeFrames(record.value ?? Buffer.alloc(0)));
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.events.onMalformed(error);
      }
    }
  }

  private isOwn(record: ReceivedRecord): boolean {
    const header = record.headers[PARLEY_HEADER];
    if (header === undefined) return false;
    if (header.equals(this.ownHeader)) return true;
    return this.isOwnOfAnotherVersion(header);
  }

  /** A record for this instance that says so otherwise is worth a word in the log. */
  private isOwnOfAnotherVersion(header: Buffer): boolean {
    if (!header.includes(this.instance)) return false;
    try {
      decodeHeader(header);
    } catch (error) {
      if (error instanceof WireError) this.events.onMalformed(error);
    }
    return false;
  }
}
