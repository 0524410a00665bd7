import type { Driver, PartitionLeader, ReceivedBatch, ReceivedRecord, Tail } from '../drivers/driver.js';
import type { Status } from '../wire/status.js';
import { NEST_HEADERS } from './nest-headers.js';

export interface ReplyReceiver {
  receiveRecord(record: ReceivedRecord): void;
  /** Replies to it may have been lost. */
  abandon(status: Status): void;
}

export interface ReplyTopicOptions {
  topic: string;
  /** Makes it where it is missing and may be made. */
  provide(): Promise<void>;
  random?: () => number;
}

/** One partition that is read, and the calls whose replies it is to bring. */
interface Reading {
  partition: number;
  tail: Tail;
  calls: Map<string, ReplyReceiver>;
}

/**
 * The topic of the replies to one pattern, as the built-in names it: one partition, read without a group from its end as
 * of the first call, so that no rebalance loses a reply. While that has no leader, calls get another partition.
 */
export class ReplyTopic {
  private current: Promise<Reading> | undefined;
  private readonly readings = new Set<Reading>();
  private closed = false;

  constructor(
    private readonly driver: Driver,
    private readonly options: ReplyTopicOptions,
  ) {}

  /** The partition that brings the reply to this call; resolves once a reply sent from then on is seen. */
  async expect(id: string, receiver: ReplyReceiver): Promise<number> {
    const reading = await this.reading();
    reading.calls.set(id, receiver);
    return reading.partition;
  }

  forget(id: string): void {
    for (const reading of this.readings) reading.calls.delete(id);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.readings].map(({ tail }) => tail.close()));
  }

  private async reading(): Promise<Reading> {
    this.current ??= this.open();
    const opening = this.current;
    try {
      const reading = await opening;
      if (reading.tail.reading || (await this.isLed(reading))) return reading;
    } catch (error) {
      if (this.current === opening) this.current = undefined;
      throw error;
    }
    if (this.current === opening) this.current = this.open();
    await this.dismiss();
    return this.current;
  }

  private async isLed({ partition }: Reading): Promise<boolean> {
    const partitions = await this.driver.partitions(this.options.topic, { fresh: true });
    const led = partitions.filter(({ leader }) => leader >= 0);
    // Where none has one there is nowhere to move.
    return led.length === 0 || led.some(one => one.partition === partition);
  }

  private async open(): Promise<Reading> {
    const { topic } = this.options;
    await this.options.provide();
    const partition = this.choose(await this.driver.partitions(topic, { fresh: true }));
    const calls = new Map<string, ReplyReceiver>();
    const tail = await this.driver.tail({
      topic,
      partitions: [partition],
      from: 'end',
      onBatch: batch => deliver(batch, calls),
      onGap: () => lose(topic, calls),
    });
    const reading = { partition, tail, calls };
    this.readings.add(reading);
    if (this.closed) await tail.close();
    return reading;
  }

  private choose(partitions: readonly PartitionLeader[]): number {
    const { topic, random = Math.random } = this.options;
    const led = partitions.filter(({ leader }) => leader >= 0);
    if (led.length === 0) {
      throw new Error(
        partitions.length === 0
          ? `reply topic ${topic} does not exist: let Parley provision it or create it`
          : `none of the ${partitions.length} partitions of reply topic ${topic} has a leader`,
      );
    }
    return led[Math.floor(random() * led.length)]!.partition;
  }

  /** Closes what no call waits for any more. */
  private async dismiss(): Promise<void> {
    const current = await this.current;
    for (const reading of this.readings) {
      if (reading === current || reading.calls.size > 0) continue;
      this.readings.delete(reading);
      await reading.tail.close();
    }
  }
}

/** Records were never seen: whatever waits for one may have lost it. */
function lose(topic: string, calls: ReadonlyMap<string, ReplyReceiver>): void {
  const message = `records of ${topic} were deleted before this process read them: replies may be lost`;
  for (const call of calls.values()) call.abandon({ code: 'DATA_LOSS', message });
}

function deliver({ records }: ReceivedBatch, calls: ReadonlyMap<string, ReplyReceiver>): void {
  for (const record of records) {
    const id = record.headers[NEST_HEADERS.correlationId]?.toString();
    if (id !== undefined) calls.get(id)?.receiveRecord(record);
  }
}
