import type { Sender } from '../link/sender.js';
import { RecordParcel } from '../link/parcel.js';
import type { ReplySink } from '../server/calls/reply-source.js';
import { MAX_PUSHED_BYTES, MAX_PUSHED_ITEMS } from '../server/calls/reply-stream.js';
import type { HeaderValue } from '../drivers/driver.js';
import { writeNestError } from './nest-error.js';
import { NEST_HEADERS, type NestReplyAddress } from './nest-headers.js';
import { writeNestValue, type NestRecord } from './nest-value.js';

/** Records of one reply that are on their way at a time: this protocol has no credit. */
const MAX_UNDERWAY = 1000;
/** How long a record of a reply may take to be acknowledged, in ms; a caller of the built-in's waits for ever. */
const PATIENCE_MS = 30_000;
const DISPOSED = Buffer.alloc(1);

export interface NestReplyOptions {
  to: NestReplyAddress;
  sender: Pick<Sender, 'offer'>;
  /** A broker has a first value, and there may be more: the call is a stream from here on. */
  onStreaming(): void;
  /** The values cannot be sent on: whoever makes them is to stop. */
  onBroken(why: string): void;
  /** All has been acknowledged, or refused for good. */
  onSettled(): void;
}

interface Packet extends NestRecord {
  weight: number;
}

/**
 * The reply to a caller that uses Nest's built-in transport: one record a value, the last marked as such. Like the
 * built-in's own server it marks the last value itself where the end is known by then, and else sends a record without
 * a value, of which such callers make a null.
 */
export class NestReply implements ReplySink {
  private waiting: Packet[] = [];
  private waitingBytes = 0;
  private underway = 0;
  private flushing = false;
  private streaming = false;
  private broken = false;
  private settled = false;
  private roomWaiters: (() => void)[] = [];
  ended = false;

  constructor(private readonly options: NestReplyOptions) {}

  hasRoom(): boolean {
    return this.underway + this.waiting.length < MAX_UNDERWAY;
  }

  room(): Promise<void> {
    if (this.ended || this.hasRoom()) return Promise.resolve();
    return new Promise<void>(resolve => this.roomWaiters.push(resolve));
  }

  push(value: unknown): boolean {
    if (this.ended) return false;
    let record: NestRecord;
    try {
      record = writeNestValue(value);
    } catch {
      return this.giveUp('the reply cannot be written as JSON', undefined);
    }
    const bytes = record.value?.length ?? 0;
    if (this.waiting.length >= MAX_PUSHED_ITEMS || this.waitingBytes + bytes > MAX_PUSHED_BYTES) {
      const message = `the handler emits faster than Kafka takes: more than ${MAX_PUSHED_ITEMS} items or ${MAX_PUSHED_BYTES} bytes wait`;
      return this.giveUp(message, { status: 'RESOURCE_EXHAUSTED', message });
    }
    this.add(record);
    return true;
  }

  complete(): void {
    if (this.ended) return;
    const last = this.waiting.at(-1);
    if (last) last.headers[NEST_HEADERS.isDisposed] = DISPOSED;
    else this.add({ key: null, value: null, headers: { [NEST_HEADERS.isDisposed]: DISPOSED } });
    this.end();
  }

  fail(error: unknown): void {
    if (this.ended) return;
    const headers = { [NEST_HEADERS.error]: writeNestError(error), [NEST_HEADERS.isDisposed]: DISPOSED };
    this.add({ key: null, value: null, headers });
    this.end();
  }

  private giveUp(why: string, error: unknown): false {
    this.fail(error);
    this.options.onBroken(why);
    return false;
  }

  private end(): void {
    this.ended = true;
    this.wakeRoom();
  }

  private add({ key, value, headers }: NestRecord): void {
    const { correlationId } = this.options.to;
    const whole: Record<string, HeaderValue> = { ...headers, [NEST_HEADERS.correlationId]: correlationId };
    const weight = value?.length ?? 0;
    this.waiting.push({ key, value, headers: whole, weight });
    this.waitingBytes += weight;
    if (this.flushing) return;
    // What ends in the same turn is marked as the last.
    this.flushing = true;
    process.nextTick(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    while (!this.broken && this.waiting.length > 0 && this.underway < MAX_UNDERWAY) {
      const packet = this.waiting.shift()!;
      this.waitingBytes -= packet.weight;
      this.send(packet);
    }
    this.settleWhenDone();
  }

  private send({ key, value, headers }: NestRecord): void {
    const { topic, partition } = this.options.to;
    this.underway += 1;
    const parcel = new RecordParcel(
      { topic, partition, key, value, headers },
      performance.now() + PATIENCE_MS,
      () => this.delivered(),
      ({ code, message }) => {
        this.underway -= 1;
        this.refused(message, code === 'INVALID_ARGUMENT' && !(NEST_HEADERS.error in headers));
      },
    );
    const refusal = this.options.sender.offer(parcel);
    if (refusal) parcel.failed(refusal);
  }

  private delivered(): void {
    this.underway -= 1;
    if (!this.ended && !this.streaming) {
      this.streaming = true;
      this.options.onStreaming();
    }
    if (this.waiting.length > 0 && !this.flushing) this.flush();
    else this.settleWhenDone();
    if (this.hasRoom()) this.wakeRoom();
  }

  /** A value that Kafka does not take ends the reply; the caller is told where an error can still be sent. */
  private refused(why: string, tellable: boolean): void {
    if (this.broken) {
      this.settleWhenDone();
      return;
    }
    this.waiting = [];
    this.waitingBytes = 0;
    this.ended = false;
    if (tellable) this.fail({ status: 'INVALID_ARGUMENT', message: why });
    else this.broken = true;
    this.end();
    this.options.onBroken(why);
    this.settleWhenDone();
  }

  private settleWhenDone(): void {
    if (this.settled || !this.ended || this.underway > 0 || this.waiting.length > 0) return;
    this.settled = true;
    this.options.onSettled();
  }

  private wakeRoom(): void {
    for (const wake of this.roomWaiters.splice(0)) wake();
  }
}
