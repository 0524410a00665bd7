import type { Subscriber } from 'rxjs';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { ReplyReceiver } from '../link/frame-router.js';
import type { Codec } from '../wire/codec.js';
import type {
  AcceptFrame,
  ClientFrame,
  CompleteFrame,
  ErrorFrame,
  NextFrame,
  ServerFrame,
} from '../wire/frame.js';
import { decodeItem } from '../wire/item.js';
import { decodeStatusBody } from '../wire/status-body.js';
import type { Status } from '../wire/status.js';
import { WireError } from '../wire/wire-error.js';

/** Where an execution can be told something: what an accept frame gives. */
export type ServerAddress = Pick<AcceptFrame, 'partition' | 'instance'>;

/** What a call that ended early knows of who may still be running it. */
export interface RunningExecution {
  execution: string | undefined;
  server: ServerAddress | undefined;
}

export interface OutgoingCallOptions {
  callId: string;
  pattern: string;
  codec: Codec;
  /** Items that may be on their way at a time. */
  window: number;
  timeoutMs: number;
  /** Sends a frame to the server that runs the call. */
  tell(server: ServerAddress, frame: ClientFrame): void;
  /** The call has ended, whatever way: nothing of it is held any more. `server` where it may still be running. */
  onEnded(running: RunningExecution | undefined): void;
}

/** The client side of one call. Ends exactly once: with the whole reply, with a status, or by being unsubscribed. */
export class OutgoingCall<T> implements ReplyReceiver {
  private execution: string | undefined;
  private server: ServerAddress | undefined;
  private received = 0;
  private granted: number;
  private ended = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: OutgoingCallOptions,
    private readonly subscriber: Subscriber<T>,
  ) {
    this.granted = options.window;
    this.timer = setTimeout(() => this.expire(), options.timeoutMs);
  }

  receive(frame: ServerFrame): void {
    if (this.ended) return;
    this.execution ??= frame.execution;
    if (frame.execution !== this.execution) {
      this.supersede(frame);
      return;
    }
    switch (frame.kind) {
      case 'accept':
        this.server = { partition: frame.partition, instance: frame.instance };
        return;
      case 'next':
        this.next(frame);
        return;
      case 'complete':
        this.complete(frame);
        return;
      case 'error':
        this.error(frame);
        return;
    }
  }

  abandon(status: Status): void {
    this.fail(status);
  }

  /** The subscriber left. */
  unsubscribe(): void {
    this.end({ execution: this.execution, server: this.server });
  }

  /** Ends the call with a status; a server that may be running it is told. */
  fail(status: Status): void {
    if (this.ended) return;
    this.end({ execution: this.execution, server: this.server });
    this.subscriber.error(ParleyException.of(status));
  }

  private expire(): void {
    this.fail({
      code: 'DEADLINE_EXCEEDED',
      message: `no answer to ${this.options.pattern} within ${this.options.timeoutMs} ms`,
    });
  }

  /** A stream has begun: from here on it may take as long as it takes. */
  private next(frame: NextFrame): void {
    clearTimeout(this.timer);
    if (this.deliver(frame.seq, frame.items)) this.grantMore();
  }

  private complete(frame: CompleteFrame): void {
    if (!this.deliver(frame.total - frame.items.length, frame.items)) return;
    this.end();
    this.subscriber.complete();
  }

  private error(frame: ErrorFrame): void {
    if (frame.total > this.received) {
      this.loseItems(frame.total);
      return;
    }
    this.end();
    this.subscriber.error(ParleyException.of(decodeStatusBody(frame.code, frame.body)));
  }

  /** Hands on what is new among the items from `seq` on. False where the call has ended meanwhile. */
  private deliver(seq: number, items: readonly Buffer[]): boolean {
    if (seq > this.received) {
      this.loseItems(seq);
      return false;
    }
    const { codec } = this.options;
    for (let index = this.received - seq; index < items.length; index += 1) {
      this.received += 1;
      let value: T;
      try {
        value = decodeItem(codec, items[index]!) as T;
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.fail({
          code: 'DATA_LOSS',
          message: `an item of the reply to ${this.options.pattern} cannot be read: ${error.message}`,
        });
        return false;
      }
      this.subscriber.next(value);
      if (this.ended) return false;
    }
    return true;
  }

  private loseItems(upTo: number): void {
    this.fail({
      code: 'DATA_LOSS',
      message: `items ${this.received} to ${upTo - 1} of the reply to ${this.options.pattern} were lost`,
    });
  }

  /** Grants in steps of half a window, so that credit costs little and the server never waits for it. */
  private grantMore(): void {
    const { window, callId } = this.options;
    if (!this.server || !this.execution || this.granted - this.received > window / 2) return;
    this.granted = this.received + window;
    this.options.tell(this.server, {
      kind: 'credit',
      callId,
      execution: this.execution,
      items: this.granted,
    });
  }

  /** Another execution of this call: the one heard of first is kept, this one is told to stop. */
  private supersede(frame: ServerFrame): void {
    if (frame.kind !== 'accept') return;
    const { callId } = this.options;
    this.options.tell(frame, { kind: 'cancel', callId, execution: frame.execution, reason: 'superseded' });
  }

  private end(running?: RunningExecution): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    this.options.onEnded(running);
  }
}
