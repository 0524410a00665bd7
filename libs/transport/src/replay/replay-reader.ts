import type {
  CommitOffset,
  Driver,
  ReceivedBatch,
  SubscribeOptions,
  Subscription,
  Tail,
} from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Stretch } from './stretches.js';

/** How long a partition may bring nothing of what its log still has, while its leader answers. In ms. */
const EMPTY_MS = 10_000;
/** How long nothing may be heard of a log before the replay is given up: longer than a broker takes to start. In ms. */
const SILENCE_MS = 60_000;
/** Tails belong to no assignment. */
const EPOCH = 0;

export interface ReplayReaderOptions {
  driver: Driver;
  topic: string;
  stretches: readonly Stretch[];
  /** All has been handed on. */
  onEnd(): void;
  /** Some of a partition was deleted before it could be read. */
  onLost(partition: number): void;
  /** Nothing was heard for 60 s. */
  onSilence(error: ParleyException): void;
  /** What is done of a partition, as far as it is known. */
  onDone(offsets: readonly CommitOffset[]): void;
  now?: () => number;
}

interface Reading extends Stretch {
  /** What is before it was handed on. */
  next: number;
  /** When that moved last. */
  movedAt: number;
  paused: boolean;
}

/**
 * Stretches of a topic's log as a subscription of their own: read without a group, so that nobody else hears of it, to an
 * end. Commits go to its owner.
 */
export class ReplayReader {
  private readonly readings: Map<number, Reading>;
  private readonly now: () => number;
  private silence: NodeJS.Timeout | undefined;
  private tail: Tail | undefined;
  private ended = false;

  constructor(private readonly options: ReplayReaderOptions) {
    this.now = options.now ?? (() => performance.now());
    const movedAt = this.now();
    this.readings = new Map(
      options.stretches
        .filter(({ from, to }) => from < to)
        .map(stretch => [stretch.partition, { ...stretch, next: stretch.from, movedAt, paused: false }]),
    );
  }

  /** What of the logs was not handed on, for people. */
  get unread(): string {
    const open = [...this.readings.values()].filter(isOpen);
    return open
      .map(({ partition, next, to }) => `${this.options.topic}-${partition} from ${next} to ${to - 1}`)
      .join(', ');
  }

  /** As `Driver.subscribe`, of which group and topics mean nothing here. */
  async subscribe(member: SubscribeOptions): Promise<Subscription> {
    const { driver, topic } = this.options;
    member.onAssigned([...this.readings.keys()].map(partition => ({ topic, partition, epoch: EPOCH })));
    this.silence = setTimeout(() => this.hearNothing(), SILENCE_MS);
    this.tail = await driver.tail({
      topic,
      partitions: [...this.readings.keys()],
      from: new Map([...this.readings].map(([partition, { from }]) => [partition, from])),
      onBatch: batch => this.take(batch, member),
      onGap: ({ partition, resumedAt, expected }) => {
        // Where it goes on, the next answer tells: what came before it may still be held back.
        if (resumedAt > expected) this.options.onLost(partition);
      },
      onPassed: ({ partition, offset }) => this.pass(partition, offset),
    });
    // Some may have been read, or be too much for now, before there was anything to pause.
    for (const reading of this.readings.values()) if (reading.paused) this.tail.pause(reading.partition);
    return {
      loops: () => this.tail?.loops() ?? [],
      commit: async offsets => this.options.onDone(offsets),
      pause: partitions => this.pause(partitions),
      resume: partitions => this.resume(partitions),
      close: () => this.close(),
    };
  }

  /** May be called again, and where it was never subscribed to. */
  async close(): Promise<void> {
    this.ended = true;
    clearTimeout(this.silence);
    const { tail } = this;
    this.tail = undefined;
    await tail?.close();
  }

  private take(batch: ReceivedBatch, member: SubscribeOptions): void {
    const reading = this.readings.get(batch.partition);
    if (!reading || this.ended) return;
    const records = batch.records.filter(({ offset }) => offset < reading.to);
    if (records.length > 0) member.onBatch({ ...batch, records, epoch: EPOCH });
  }

  private pass(partition: number, offset: number): void {
    const reading = this.readings.get(partition);
    if (!reading || !isOpen(reading) || this.ended) return;
    this.silence?.refresh();
    const now = this.now();
    if (offset > reading.next) {
      reading.next = offset;
      reading.movedAt = now;
    } else if (now - reading.movedAt > EMPTY_MS) {
      // Its leader answers and has nothing: what there was is compacted away.
      reading.next = reading.to;
    }
    if (isOpen(reading)) return;
    reading.paused = true;
    this.tail?.pause(partition);
    if ([...this.readings.values()].some(isOpen)) return;
    clearTimeout(this.silence);
    this.options.onEnd();
  }

  private pause(partitions: readonly { partition: number }[]): void {
    for (const { partition } of partitions) {
      const reading = this.readings.get(partition);
      if (!reading) continue;
      reading.paused = true;
      this.tail?.pause(partition);
    }
  }

  private resume(partitions: readonly { partition: number }[]): void {
    for (const { partition } of partitions) {
      const reading = this.readings.get(partition);
      if (!reading || !isOpen(reading)) continue;
      reading.paused = false;
      reading.movedAt = this.now();
      this.tail?.resume(partition);
    }
    this.silence?.refresh();
  }

  private hearNothing(): void {
    // Where handlers are slow, nothing is asked for.
    if ([...this.readings.values()].filter(isOpen).every(({ paused }) => paused)) {
      this.silence?.refresh();
      return;
    }
    this.options.onSilence(
      new ParleyException('UNAVAILABLE', `nothing was heard for ${SILENCE_MS} ms of ${this.unread}`),
    );
  }
}

function isOpen({ next, to }: Reading): boolean {
  return next < to;
}
