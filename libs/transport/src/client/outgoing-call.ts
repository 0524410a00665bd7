import { ParleyException } from '../exceptions/parley-exception.js';
import type { ReplyReceiver } from '../link/frame-router.js';
import { decodeItem } from '../wire/item.js';
import type { Status } from '../wire/status.js';
import { decodeStatusBody } from '../wire/status-body.js';
import { WireError } from '../wire/wire-error.js';
import {
  acceptIs,
  type AcceptFrame,
  type CompleteFrame,
  type ErrorFrame,
  type PartFrame,
  type ServerFrame,
} from '../wire/frame.js';
import type { OutgoingCallOptions, ReplyTaker } from './outgoing-call-options.js';
import { LargeItems } from './large-items.js';
import { ReplyCredit } from './reply-credit.js';
import { ReplySequence } from './reply-sequence.js';
import { ReplyTimers } from './reply-timers.js';

/** Requests of one call that may be sent in a row without any of them bringing an item. */
export const MAX_FRUITLESS_REQUESTS = 5;

/** The execution whose reply this call takes. */
interface Bound {
  execution: string;
  /** Known once it has been accepted. */
  accept?: AcceptFrame;
  /** The server has been told that this client holds the execution: Kafka does not give it to another any more. */
  named: boolean;
}

/**
 * The client side of one call. Ends exactly once: with the whole reply, with a status, or by being unsubscribed.
 *
 * It takes the reply of one execution at a time. Where that one's server dies, another execution goes on: one that
 * Kafka offers again, or one that is asked for, where the handler is idempotent or, in a stream, resumable.
 */
export class OutgoingCall<T> implements ReplyReceiver {
  private readonly sequence: ReplySequence;
  private readonly timers: ReplyTimers;
  private readonly credit: ReplyCredit;
  private bound: Bound | undefined;
  /** Offered while another execution is bound: what Kafka delivered again to another server. */
  private offered: AcceptFrame | undefined;
  /** Executions that this call has turned away from. */
  private given: Set<string> | undefined;
  private attempt = 1;
  private fruitless = 1;
  private naming = false;
  /** Made for the first item that comes in parts: most replies have none. */
  private large: LargeItems | undefined;
  private lastFrame: CompleteFrame | ErrorFrame | undefined;
  private ended = false;

  constructor(
    private readonly options: OutgoingCallOptions,
    private readonly taker: ReplyTaker<T>,
  ) {
    this.sequence = new ReplySequence(options.window);
    this.credit = new ReplyCredit(options.window, options.budget);
    this.timers = new ReplyTimers(options, status => this.fail(status));
  }

  /** Sends the request. */
  start(): void {
    this.request(this.options.timeoutMs);
  }

  receive(frame: ServerFrame): void {
    if (this.ended) return;
    if (!this.bound && !this.given?.has(frame.execution)) this.bind(frame);
    if (frame.execution !== this.bound?.execution) {
      this.receiveOther(frame);
      return;
    }
    switch (frame.kind) {
      case 'accept':
        this.accept(frame);
        return;
      case 'next':
        this.deliver(frame.seq, frame.items);
        this.goOn();
        return;
      case 'part':
        this.collect(frame);
        this.goOn();
        return;
      case 'complete':
        this.lastFrame = frame;
        this.deliver(frame.total - frame.items.length, frame.items);
        return;
      case 'error':
        this.lastFrame = frame;
        this.deliver(frame.total, []);
        return;
    }
  }

  abandon(status: Status): void {
    this.fail(status);
  }

  /** The taker has taken an item of so many bytes out of those given to it. */
  take(bytes: number): void {
    this.credit.take(bytes);
    if (!this.ended) this.grantMore();
  }

  /** The subscriber left. */
  unsubscribe(): void {
    this.end('unsubscribed');
  }

  /** Ends the call with a status; a server that may be running it is told. */
  fail(status: Status): void {
    if (this.ended) return;
    this.end(status.code === 'DEADLINE_EXCEEDED' ? 'deadline exceeded' : 'failed');
    this.taker.error(ParleyException.of(status));
  }

  private bind(frame: ServerFrame): void {
    this.bound = { execution: frame.execution, named: false };
  }

  private accept(frame: AcceptFrame): void {
    const { bound } = this;
    if (!bound || bound.accept) return;
    bound.accept = frame;
    this.options.hold(frame, frame.execution, {
      named: () => {
        bound.named = true;
      },
      lost: why => this.lose(frame.execution, `its server ${why}`),
    });
    // A pulse names it before long; a request that Kafka delivered again runs only when it is named.
    if (acceptIs(frame, 'redelivered')) this.grant();
    else this.goOn();
  }

  /** A stream that has begun takes as long as it takes, while its server is known to live. */
  private goOn(): void {
    if (this.ended || !this.bound?.accept || this.sequence.received === 0) return;
    this.timers.itemCame();
    this.nameSoon();
  }

  /**
   * An execution that is not the bound one. Whatever runs beside it is told to stop; one that only offers to run
   * waits, in case the bound one's server turns out to be dead.
   */
  private receiveOther(frame: ServerFrame): void {
    if (frame.kind !== 'accept') return;
    if (acceptIs(frame, 'redelivered') && this.sequence.received === 0 && !this.given?.has(frame.execution)) {
      if (this.offered) this.cancel(this.offered, 'superseded');
      this.offered = frame;
    } else {
      this.cancel(frame, 'superseded');
    }
  }

  /** The bound execution will deliver nothing more. */
  private lose(execution: string, why: string): void {
    if (this.ended || this.bound?.execution !== execution) return;
    const { accept, named } = this.bound;
    this.giveUp();
    const { received } = this.sequence;
    if (received === 0 && this.offered) {
      const { offered } = this;
      this.offered = undefined;
      this.receive(offered);
    } else if (this.mayGoOn(accept)) {
      this.requestAgain();
    } else if (received > 0 || named) {
      this.fail({ code: 'UNAVAILABLE', message: `the call of ${this.options.pattern} was lost: ${why}` });
    }
    // Else Kafka still owns the request, and gives it to another server.
  }

  /** Takes nothing more of the bound execution; should its server live, it is told. */
  private giveUp(): void {
    const { bound } = this;
    if (!bound) return;
    (this.given ??= new Set()).add(bound.execution);
    this.release(bound);
    if (bound.accept) this.cancel(bound.accept, 'superseded');
    this.bound = undefined;
    this.lastFrame = undefined;
    this.sequence.restart();
    this.large?.clear();
    this.timers.gapClosed();
  }

  private mayGoOn(accept: AcceptFrame | undefined): boolean {
    if (!accept || this.fruitless >= MAX_FRUITLESS_REQUESTS) return false;
    return acceptIs(accept, this.sequence.received > 0 ? 'resumable' : 'idempotent');
  }

  private requestAgain(): void {
    this.attempt += 1;
    this.fruitless += 1;
    this.credit.restart();
    this.request(this.sequence.received > 0 ? this.timers.restart() : this.timers.remainingMs);
  }

  private request(timeoutMs: number): void {
    this.options.request({
      attempt: this.attempt,
      resumeFrom: this.sequence.received,
      credit: this.credit.items,
      creditBytes: this.credit.bytes,
      timeoutMs,
    });
  }

  /** Hands on what is in order now, and ends the call where that was the last. */
  private deliver(seq: number, items: readonly Buffer[]): void {
    const before = this.sequence.received;
    const ready = this.sequence.accept(seq, items);
    if (!ready) {
      this.loseItems();
      return;
    }
    if (this.sequence.received > this.credit.items) {
      this.fail(sentTooMuch(this.options.pattern, this.credit.items));
      return;
    }
    if (ready.length > 0) this.fruitless = 0;
    for (let index = 0; index < ready.length; index += 1) {
      if (!this.deliverOne(ready[index]!, before + index)) return;
    }
    this.large?.forget(this.sequence.received);
    this.finish();
    if (this.ended) return;
    this.watchGap();
    this.grantMore();
  }

  /** Takes a part in, and hands the item on once it is whole. */
  private collect(part: PartFrame): void {
    if (part.seq < this.sequence.received) return;
    if (part.seq >= this.credit.items) {
      this.fail(sentTooMuch(this.options.pattern, this.credit.items));
      return;
    }
    let item: Buffer | undefined;
    try {
      item = (this.large ??= this.largeItems()).add(part);
    } catch (error) {
      this.fail(
        error instanceof ParleyException
          ? error.toStatus()
          : unreadable(this.options.pattern, part.seq, error),
      );
      return;
    }
    if (item) this.deliver(part.seq, [item]);
    else this.watchGap();
  }

  private largeItems(): LargeItems {
    const { pattern, maxItemBytes, assembling } = this.options;
    return new LargeItems({
      pattern,
      maxItemBytes,
      budget: assembling,
      onReserved: bytes => {
        this.credit.extend(bytes);
        this.grant();
      },
      onReleased: bytes => this.credit.extend(-bytes),
    });
  }

  private watchGap(): void {
    if (this.waits) this.timers.gapOpened(() => this.loseItems());
    else this.timers.gapClosed();
  }

  private deliverOne(item: Buffer, seq: number): boolean {
    const { codec, pattern, pulled } = this.options;
    let value: T;
    try {
      value = decodeItem(codec, item) as T;
    } catch (error) {
      this.fail(unreadable(pattern, seq, error));
      return false;
    }
    if (!pulled) this.credit.take(item.length);
    this.taker.next(value, item.length);
    return !this.ended;
  }

  /** Items that have not come are waited for: others after them have, or the end. */
  private get waits(): boolean {
    const { received, gap } = this.sequence;
    return gap || (this.lastFrame?.total ?? 0) > received || (this.large?.gap(received) ?? false);
  }

  /** Ends the call where its last frame has come and all before it. */
  private finish(): void {
    const { lastFrame } = this;
    if (!lastFrame || this.waits) return;
    if (lastFrame.total < this.sequence.received) {
      this.loseItems();
    } else if (lastFrame.kind === 'complete') {
      this.end();
      this.taker.complete();
    } else if (lastFrame.draining && this.mayGoOn(this.bound?.accept)) {
      this.giveUp();
      this.requestAgain();
    } else {
      this.end();
      this.taker.error(ParleyException.of(decodeStatusBody(lastFrame.code, lastFrame.body)));
    }
  }

  private loseItems(): void {
    const { received, gap, missing } = this.sequence;
    const to = gap ? missing.to : (this.lastFrame?.total ?? received + Number(this.large?.gap(received)));
    this.fail({
      code: 'DATA_LOSS',
      message:
        to > received
          ? `items ${received} to ${to - 1} of the reply to ${this.options.pattern} were lost`
          : `the reply to ${this.options.pattern} ended after ${to} items, and ${received} had come`,
    });
  }

  /** A stream that goes on after this record is named at once: its server then frees what waits for that. */
  private nameSoon(): void {
    if (this.naming || this.bound?.named) return;
    this.naming = true;
    queueMicrotask(() => {
      this.naming = false;
      if (!this.ended && this.bound && !this.bound.named) this.grant();
    });
  }

  private grantMore(): void {
    if (this.credit.low) this.grant();
  }

  /** Grants anew, and thereby names the execution to its server. */
  private grant(): void {
    const { bound, credit, options } = this;
    if (!bound?.accept) return;
    credit.renew();
    bound.named = true;
    const { items, bytes } = credit;
    const { execution } = bound;
    options.tell(bound.accept, { kind: 'credit', callId: options.callId, execution, items, bytes });
  }

  private cancel(server: AcceptFrame, reason: string): void {
    const { callId } = this.options;
    this.options.tell(server, { kind: 'cancel', callId, execution: server.execution, reason });
  }

  private release({ accept, execution }: Bound): void {
    if (accept) this.options.release(accept, execution);
  }

  /** With a reason, servers that may be running the call are told. */
  private end(reason?: string): void {
    if (this.ended) return;
    this.ended = true;
    this.timers.clear();
    this.large?.clear();
    this.credit.release();
    const { bound, offered } = this;
    if (bound) this.release(bound);
    if (reason !== undefined && bound?.accept) this.cancel(bound.accept, reason);
    if (offered) this.cancel(offered, 'answered');
    this.options.onEnded();
  }
}

/** Bytes that are no item; anything else that was thrown is thrown on. */
function unreadable(pattern: string, seq: number, error: unknown): Status {
  if (!(error instanceof WireError)) throw error;
  return {
    code: 'DATA_LOSS',
    message: `item ${seq} of the reply to ${pattern} cannot be read: ${error.message}`,
  };
}

function sentTooMuch(pattern: string, granted: number): Status {
  return {
    code: 'RESOURCE_EXHAUSTED',
    message: `the server of ${pattern} sent more than the ${granted} items that it was granted`,
  };
}
