import type { Driver, PartitionLeader, ReceivedBatch, ReceivedRecord, Tail } from '../drivers/driver.js';
import type { LoopHealth } from '../drivers/loop-health.js';
import { decodeFrames, type Frame } from '../wire/frame.js';
import {
  decodeHeader,
  encodeHeader,
  PARLEY_HEADER,
  WIRE_VERSION,
  type InstanceAddress,
} from '../wire/header.js';
import { WireError } from '../wire/wire-error.js';

export interface InboxEvents {
  onFrames(frames: readonly Frame[]): void;
  /** A request that every instance of the service is sent. */
  onRequest(record: ReceivedRecord): void;
  /** Records that were never seen: whatever waits for a frame may have lost it. */
  onGap(): void;
  /** A record addressed to this instance that is not of the protocol; it is dropped. */
  onMalformed(error: WireError): void;
  /** Calls from now on are answered elsewhere. Returns whether any call of before is still held. */
  onMoved(partition: number): () => boolean;
}

/** What the header of a request begins with. */
const REQUEST = Buffer.from(`${WIRE_VERSION} request `);

/** How often the inbox looks whether its partition still has a leader, in ms. */
export const CHECK_EVERY_MS = 1000;

/** One partition that is read. */
interface Reading {
  partition: number;
  tail: Tail;
}

/** A partition that is read only for the calls that were made before the inbox moved. */
interface Retired extends Reading {
  stillNeeded(): boolean;
}

/**
 * Where frames for this instance arrive: one partition of its service's inbox topic, read without a consumer group
 * from its end as of the start. Instances may share a partition; each ignores what is not addressed to it. While the
 * partition has no leader the inbox moves: another partition is given as the address of new calls, and the old one
 * is read on until the calls that it was given for have ended.
 */
export class Inbox {
  /** What the header of a record for this instance is: others are skipped by comparing bytes. */
  private readonly ownHeader: Buffer;
  private current: Reading | undefined;
  private retired: Retired[] = [];
  private timer: NodeJS.Timeout | undefined;
  private leaderless = false;
  private checking = false;
  private closed = false;

  constructor(
    private readonly driver: Driver,
    private readonly topic: string,
    private readonly instance: string,
    private readonly events: InboxEvents,
    private readonly random: () => number = Math.random,
  ) {
    this.ownHeader = Buffer.from(encodeHeader({ kind: 'frames', instance }));
  }

  /** Where peers send frames to. Only after `open`. */
  get address(): InstanceAddress {
    if (!this.current) throw new Error('the inbox is not open');
    return { topic: this.topic, partition: this.current.partition, instance: this.instance };
  }

  get reading(): boolean {
    return this.current?.tail.reading ?? false;
  }

  /** What reads, as it is now. */
  loops(): readonly LoopHealth[] {
    return (this.current ? [this.current, ...this.retired] : this.retired).flatMap(({ partition, tail }) =>
      tail.loops().map(loop => ({ ...loop, name: `inbox ${partition}: ${loop.name}` })),
    );
  }

  /** Partitions read at the moment. */
  get partitions(): number[] {
    const readings = this.current ? [this.current, ...this.retired] : this.retired;
    return readings.map(({ partition }) => partition);
  }

  /** Resolves once the start offset is fixed: a reply produced from then on is seen. */
  async open(): Promise<void> {
    const partitions = await this.driver.partitions(this.topic, { fresh: true });
    this.current = await this.read(partitions);
    this.timer = setInterval(() => void this.check(), CHECK_EVERY_MS);
    this.timer.unref();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await Promise.all(
      [...this.retired, ...(this.current ? [this.current] : [])].map(({ tail }) => tail.close()),
    );
  }

  private async read(partitions: readonly PartitionLeader[]): Promise<Reading> {
    const led = partitions.filter(({ leader }) => leader >= 0);
    if (led.length === 0) {
      throw new Error(
        partitions.length === 0
          ? `inbox topic ${this.topic} does not exist: let Parley provision it or create it`
          : `none of the ${partitions.length} partitions of inbox topic ${this.topic} has a leader`,
      );
    }
    const { partition } = led[Math.floor(this.random() * led.length)]!;
    const tail = await this.driver.tail({
      topic: this.topic,
      partitions: [partition],
      from: 'end',
      onBatch: batch => this.take(batch),
      onGap: () => this.events.onGap(),
    });
    return { partition, tail };
  }

  /** Never rejects: what cannot be asked now is asked again at the next turn. */
  private async check(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      await this.dismiss();
      if (!this.reading) await this.moveIfLeaderless();
      else this.leaderless = false;
    } catch {
      // The cluster does not answer: the driver has told of that.
    } finally {
      this.checking = false;
    }
  }

  /** Moves at the second look in a row: an election takes less, and then the tail goes on by itself. */
  private async moveIfLeaderless(): Promise<void> {
    const partitions = await this.driver.partitions(this.topic, { fresh: true });
    const own = partitions.find(({ partition }) => partition === this.current?.partition);
    const seenBefore = this.leaderless;
    this.leaderless = (own?.leader ?? -1) < 0;
    if (!this.leaderless || !seenBefore || !partitions.some(({ leader }) => leader >= 0)) return;
    const next = await this.read(partitions);
    if (this.closed || !this.current) {
      await next.tail.close();
      return;
    }
    this.retired.push({ ...this.current, stillNeeded: this.events.onMoved(next.partition) });
    this.current = next;
    this.leaderless = false;
  }

  /** Closes what is read for calls that have all ended. */
  private async dismiss(): Promise<void> {
    const done = this.retired.filter(reading => !reading.stillNeeded());
    if (done.length === 0) return;
    this.retired = this.retired.filter(reading => !done.includes(reading));
    await Promise.all(done.map(({ tail }) => tail.close()));
  }

  private take(batch: ReceivedBatch): void {
    for (const record of batch.records) {
      const header = record.headers[PARLEY_HEADER];
      if (header === undefined) continue;
      if (header.equals(this.ownHeader)) this.takeFrames(record);
      else if (isRequest(header)) this.takeRequest(record);
      else this.checkVersion(header);
    }
  }

  private takeFrames({ value }: ReceivedRecord): void {
    try {
      this.events.onFrames(decodeFrames(value ?? Buffer.alloc(0)));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.events.onMalformed(error);
    }
  }

  /** Such a request is in every partition of the inbox: it counts once, in that of the present address. */
  private takeRequest(record: ReceivedRecord): void {
    if (record.partition === this.current?.partition) this.events.onRequest(record);
  }

  /** A record for this instance that says so otherwise is worth a word in the log. */
  private checkVersion(header: Buffer): void {
    if (!header.includes(this.instance)) return;
    try {
      decodeHeader(header);
    } catch (error) {
      if (error instanceof WireError) this.events.onMalformed(error);
    }
  }
}

function isRequest(header: Buffer): boolean {
  return header.subarray(0, REQUEST.length).equals(REQUEST);
}
