import type { ReplyTaker } from '../client/outgoing-call-options.js';
import { ReplyTimers, type ReplyTimersOptions } from '../client/reply-timers.js';
import type { RunningCall } from '../client/running-call.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { ReplyReceiver } from '../link/frame-router.js';
import type { Status } from '../wire/status.js';
import { readNestError } from './nest-error.js';
import { NEST_HEADERS } from './nest-headers.js';
import { readNestValue } from './nest-value.js';

/** Items that wait for a taker who pulls: the protocol has no credit, so that what is beyond fails the call. */
export const MAX_UNTAKEN_ITEMS = 131_072;

export interface NestCallOptions extends ReplyTimersOptions {
  /** The taker says by `take` what it has taken; by default whatever was given to `next` is. */
  pulled: boolean;
  signal: AbortSignal | undefined;
  onEnded(): void;
}

/** A call to a server that uses Nest's built-in transport. Ends exactly once. */
export class NestCall<T> implements ReplyReceiver, RunningCall {
  private readonly timers: ReplyTimers;
  private readonly abort: () => void;
  private items = 0;
  private untaken = 0;
  ended = false;

  constructor(
    private readonly options: NestCallOptions,
    private readonly taker: ReplyTaker<T>,
  ) {
    const { pattern, signal } = options;
    this.timers = new ReplyTimers(options, status => this.fail(status));
    this.abort = () =>
      this.fail({ code: 'CANCELLED', message: `the call of ${pattern} was aborted by its caller` });
    signal?.addEventListener('abort', this.abort);
  }

  take(): void {
    this.untaken -= 1;
  }

  /** Frames are Parley's: a server of the built-in's sends none. */
  receive(): void {}

  /** A record of the reply. */
  receiveRecord({ headers, value }: ReceivedRecord): void {
    if (this.ended) return;
    const error = headers[NEST_HEADERS.error];
    if (error) {
      this.fail(readNestError(error));
      return;
    }
    const last = headers[NEST_HEADERS.isDisposed] !== undefined;
    // A stream whose end comes after its last item ends in a record of its own, without a value.
    if (!last || value !== null || this.items === 0) this.give(readNestValue(value) as T, value?.length ?? 0);
    if (!last || this.ended) return;
    this.end();
    this.taker.complete();
  }

  /** Nest's built-in transport knows no way to end what a server runs. */
  get placed(): boolean {
    return true;
  }

  abandon(status: Status): void {
    this.fail(status);
  }

  /** The server cannot be told: what it still sends is dropped. */
  unsubscribe(): void {
    this.end();
  }

  fail(status: Status): void {
    if (this.ended) return;
    this.end();
    this.taker.error(ParleyException.of(status));
  }

  private give(value: T, bytes: number): void {
    this.items += 1;
    if (this.options.pulled) this.untaken += 1;
    if (this.untaken > MAX_UNTAKEN_ITEMS) {
      const message = `${MAX_UNTAKEN_ITEMS} items of ${this.options.pattern} wait to be taken`;
      this.fail({ code: 'RESOURCE_EXHAUSTED', message });
      return;
    }
    this.timers.itemCame();
    this.taker.next(value, bytes);
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.timers.clear();
    this.options.signal?.removeEventListener('abort', this.abort);
    this.options.onEnded();
  }
}
