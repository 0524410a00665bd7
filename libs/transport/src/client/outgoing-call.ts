import { ParleyException } from '../exceptions/parley-exception.js';
import type { ReplyReceiver } from '../link/frame-router.js';
import { decodeItem } from '../wire/item.js';
import type { Status } from '../wire/status.js';
import { decodeStatusBody } from '../wire/status-body.js';
import { WireError } from '../wire/wire-error.js';
import {
  acceptIs,
  type AcceptFrame,
  type AskFrame,
  type CompleteFrame,
  type ErrorFrame,
  type ServerFrame,
} from '../wire/frame.js';
import type { OutgoingCallOptions, ReplyTaker } from './outgoing-call-options.js';
import { ReplyCredit } from './reply-credit.js';
import { ReplyIntake, unreadable } from './reply-intake.js';
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
  private readonly intake: ReplyIntake;
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
  private ended = false;

  constructor(
    private readonly options: OutgoingCallOptions,
    private readonly taker: ReplyTaker<T>,
  ) {
    const { pattern, window, maxItemBytes, assembling, budget } = options;
    this.credit = new ReplyCredit(window, budget);
    this.intake = new ReplyIntake({
      pattern,
      window,
      maxItemBytes,
      assembling,
      credit: this.credit,
      onRoom: () => this.grant(),
    });
    this.timers = new ReplyTimers(options, status => this.fail(status));
  }

  get placed(): boolean {
    return this.bound?.accept !== undefined;
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
    if (frame.kind === 'accept') this.accept(frame);
    else if (frame.kind === 'ask') this.options.upload?.begin(frame);
    else this.takeIn(frame);
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

  /** Ends the call with what its upload's source threw. */
  failUpload(error: unknown): void {
    if (this.ended) return;
    this.end('its upload failed');
    this.taker.error(error);
  }

  /** The upload waits for its source: for so long the answer cannot come, and its time does not run. */
  awaitSource(): void {
    this.timers.rest();
  }

  /** The upload waits for the server, or is whole: the answer has all its time from now. */
  awaitServer(): void {
    if (!this.ended && this.intake.received === 0) this.timers.restart();
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
    if (this.ended || !this.bound?.accept || this.intake.received === 0) return;
    this.timers.itemCame();
    this.nameSoon();
  }

  /**
   * An execution that is not the bound one. Whatever runs beside it is told to stop; one that only offers to run
   * waits, in case the bound one's server turns out to be dead.
   */
  private receiveOther(frame: ServerFrame): void {
    if (frame.kind !== 'accept') return;
    if (acceptIs(frame, 'redelivered') && this.intake.received === 0 && !this.given?.has(frame.execution)) {
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
    const { received } = this.intake;
    const { upload, pattern } = this.options;
    if (upload?.begun) {
      this.fail({ code: 'UNAVAILABLE', message: `the call of ${pattern} was lost in its upload: ${why}` });
    } else if (received === 0 && this.offered) {
      const { offered } = this;
      this.offered = undefined;
      this.receive(offered);
    } else if (this.mayGoOn(accept)) {
      this.requestAgain();
    } else if (received > 0 || named) {
      this.fail({ code: 'UNAVAILABLE', message: `the call of ${pattern} was lost: ${why}` });
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
    this.intake.restart();
    this.timers.gapClosed();
  }

  private mayGoOn(accept: AcceptFrame | undefined): boolean {
    if (!accept || this.fruitless >= MAX_FRUITLESS_REQUESTS || this.options.upload?.begun) return false;
    return acceptIs(accept, this.intake.received > 0 ? 'resumable' : 'idempotent');
  }

  private requestAgain(): void {
    this.attempt += 1;
    this.fruitless += 1;
    this.credit.restart();
    this.request(this.intake.received > 0 ? this.timers.restart() : this.timers.remainingMs);
  }

  private request(timeoutMs: number): void {
    this.options.request({
      attempt: this.attempt,
      resumeFrom: this.intake.received,
      credit: this.credit.items,
      creditBytes: this.credit.bytes,
      timeoutMs,
    });
  }

  /** Hands on what is in order now, and ends the call where that was the last. */
  private takeIn(frame: Exclude<ServerFrame, AcceptFrame | AskFrame>): void {
    const { intake } = this;
    const before = intake.received;
    try {
      if (!this.handOn(this.itemsOf(frame), before)) return;
      intake.handedOn();
      const { ending } = intake;
      if (ending) {
        this.finish(ending);
        return;
      }
    } catch (error) {
      if (!(error instanceof ParleyException)) throw error;
      this.fail(error.toStatus());
      return;
    }
    if (intake.waits) this.timers.gapOpened(() => this.fail(intake.loss().toStatus()));
    else this.timers.gapClosed();
    this.grantMore();
    this.goOn();
  }

  private itemsOf(frame: Exclude<ServerFrame, AcceptFrame | AskFrame>): readonly Buffer[] {
    switch (frame.kind) {
      case 'next':
        return this.intake.items(frame.seq, frame.items);
      case 'part':
        return this.intake.part(frame);
      case 'complete':
      case 'error':
        return this.intake.lastFrame(frame);
    }
  }

  /** False where the call has ended meanwhile. */
  private handOn(items: readonly Buffer[], seq: number): boolean {
    if (items.length > 0) this.fruitless = 0;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index]!;
      const value = this.decode(item, seq + index);
      if (!this.options.pulled) this.credit.take(item.length);
      this.taker.next(value, item.length);
      if (this.ended) return false;
    }
    return true;
  }

  private decode(item: Buffer, seq: number): T {
    try {
      return decodeItem(this.options.codec, item) as T;
    } catch (error) {
      throw error instanceof WireError ? unreadable(this.options.pattern, seq, error) : error;
    }
  }

  /** The reply is whole, or ends with a status; a server that drains may leave it to another. */
  private finish(ending: CompleteFrame | ErrorFrame): void {
    if (ending.kind === 'complete') {
      this.end();
      this.taker.complete();
    } else if (ending.draining && this.mayGoOn(this.bound?.accept)) {
      this.giveUp();
      this.requestAgain();
    } else {
      this.end();
      this.taker.error(ParleyException.of(decodeStatusBody(ending.code, ending.body)));
    }
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
    this.intake.clear();
    this.credit.release();
    const { bound, offered } = this;
    if (bound) this.release(bound);
    if (reason !== undefined && bound?.accept) this.cancel(bound.accept, reason);
    if (offered) this.cancel(offered, 'answered');
    this.options.onEnded();
  }
}
