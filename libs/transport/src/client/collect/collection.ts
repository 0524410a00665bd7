import type { Subscriber } from 'rxjs';
import { ParleyException } from '../../exceptions/parley-exception.js';
import type { ReplyReceiver } from '../../link/frame-router.js';
import type { SharedExecution } from '../../link/peer.js';
import { FIRST_SHARE_BYTES } from '../../link/receive-budget.js';
import type { Codec } from '../../wire/codec.js';
import type { AcceptFrame, ClientFrame, CompleteFrame, ErrorFrame, ServerFrame } from '../../wire/frame.js';
import { decodeItem } from '../../wire/item.js';
import { decodeStatusBody } from '../../wire/status-body.js';
import type { Status, StatusCode } from '../../wire/status.js';
import { LARGE_BYTES } from '../../wire/parts.js';
import { WireError } from '../../wire/wire-error.js';
import type { ServerAddress } from '../outgoing-call-options.js';

/** What one instance answered: its value, or how it failed. */
export type Answer<T> =
  | { readonly instance: string; readonly value: T; readonly error?: undefined }
  | { readonly instance: string; readonly value?: undefined; readonly error: ParleyException };

/** Items that an instance may send: one is the answer, a second one shows that the handler streams. */
export const COLLECT_CREDIT = { items: 2, bytes: FIRST_SHARE_BYTES } as const;
/** Instances that are listened to; far more than one service has. */
export const MAX_INSTANCES = 10_000;

export interface CollectionOptions {
  callId: string;
  pattern: string;
  codec: Codec;
  /** Answers after which nothing more is waited for. */
  expect: number;
  tell(server: ServerAddress, frame: ClientFrame): void;
  /** The server is expected to go on holding the execution: it is told to be lost where it does not. */
  hold(server: ServerAddress, execution: string, shared: SharedExecution): void;
  release(server: ServerAddress, execution: string): void;
  /** Nothing of it is held any more. */
  onEnded(): void;
}

/** An instance that runs the request and has not answered. */
interface Asked {
  accept: AcceptFrame;
  received: number;
  item: Buffer | undefined;
}

/**
 * The client side of a request to every instance of a service: gives their answers as they come, one of each, and
 * ends when as many came as were expected, or when it is closed.
 */
export class Collection<T> implements ReplyReceiver {
  /** By execution. */
  private readonly asked = new Map<string, Asked>();
  /** Instances that have been heard of. */
  private readonly instances = new Set<string>();
  private answers = 0;
  private ended = false;

  constructor(
    private readonly options: CollectionOptions,
    private readonly subscriber: Pick<Subscriber<Answer<T>>, 'next' | 'error' | 'complete'>,
  ) {}

  get placed(): boolean {
    return this.instances.size > 0;
  }

  receive(frame: ServerFrame): void {
    if (this.ended) return;
    if (frame.kind === 'accept') {
      this.accept(frame);
      return;
    }
    const asked = this.asked.get(frame.execution);
    if (!asked) return;
    switch (frame.kind) {
      case 'next':
        if (this.add(asked, frame.seq, frame.items)) this.askForMore(asked);
        return;
      case 'part':
        this.refuse(
          asked,
          `an answer to ${this.options.pattern} weighs ${frame.size} bytes: collect takes answers of ${LARGE_BYTES} at most`,
        );
        return;
      case 'complete':
        this.complete(asked, frame);
        return;
      case 'error':
        this.fail(asked, frame);
        return;
    }
  }

  /** Replies may have been lost, or can come no more. */
  abandon(status: Status): void {
    if (this.ended) return;
    this.end('abandoned');
    this.subscriber.error(ParleyException.of(status));
  }

  /** The window has passed: what has come is all there will be. */
  close(): void {
    if (this.ended) return;
    this.end('too late');
    this.subscriber.complete();
  }

  /** The subscriber left. */
  unsubscribe(): void {
    this.end('unsubscribed');
  }

  /** An instance runs the request. A second run by the same one is not listened to. */
  private accept(accept: AcceptFrame): void {
    const { instance, execution } = accept;
    if (this.asked.has(execution)) return;
    if (this.instances.has(instance) || this.instances.size >= MAX_INSTANCES) {
      this.cancel(accept, 'superseded');
      return;
    }
    this.instances.add(instance);
    const asked: Asked = { accept, received: 0, item: undefined };
    this.asked.set(execution, asked);
    this.options.hold(accept, execution, {
      lost: why =>
        this.answerStatus(asked, 'UNAVAILABLE', `the call of ${this.options.pattern} was lost: ${why}`),
    });
  }

  /** False where that settled the answer. */
  private add(asked: Asked, seq: number, items: readonly Buffer[]): boolean {
    if (seq > asked.received) {
      this.loseItems(asked);
      return false;
    }
    const fresh = items.slice(asked.received - seq);
    asked.received += fresh.length;
    asked.item = fresh.at(-1) ?? asked.item;
    if (asked.received <= 1) return true;
    this.refuse(
      asked,
      `the handler of ${this.options.pattern} streams: collect asks handlers that give one value`,
    );
    return false;
  }

  /** The first item may have used up the bytes that a second one needs to be seen. */
  private askForMore({ accept, item }: Asked): void {
    const { callId } = this.options;
    const { execution } = accept;
    const bytes = COLLECT_CREDIT.bytes + (item?.length ?? 0);
    this.options.tell(accept, { kind: 'credit', callId, execution, items: COLLECT_CREDIT.items, bytes });
  }

  private complete(asked: Asked, { total, items }: CompleteFrame): void {
    if (!this.add(asked, total - items.length, items)) return;
    if (asked.received !== total) {
      this.loseItems(asked);
      return;
    }
    const { instance } = asked.accept;
    let value: T;
    try {
      value = (asked.item === undefined ? undefined : decodeItem(this.options.codec, asked.item)) as T;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.answerStatus(
        asked,
        'DATA_LOSS',
        `the reply to ${this.options.pattern} cannot be read: ${error.message}`,
      );
      return;
    }
    this.answer(asked, { instance, value });
  }

  private fail(asked: Asked, { code, body }: ErrorFrame): void {
    const error = ParleyException.of(decodeStatusBody(code, body));
    this.answer(asked, { instance: asked.accept.instance, error });
  }

  private refuse(asked: Asked, why: string): void {
    this.cancel(asked.accept, why);
    this.answerStatus(asked, 'INVALID_ARGUMENT', why);
  }

  private loseItems(asked: Asked): void {
    this.cancel(asked.accept, 'items were lost');
    this.answerStatus(asked, 'DATA_LOSS', `items of the reply to ${this.options.pattern} were lost`);
  }

  private answerStatus(asked: Asked, code: StatusCode, message: string): void {
    this.answer(asked, { instance: asked.accept.instance, error: new ParleyException(code, message) });
  }

  private answer(asked: Asked, answer: Answer<T>): void {
    if (this.ended) return;
    const { accept } = asked;
    this.asked.delete(accept.execution);
    this.options.release(accept, accept.execution);
    this.answers += 1;
    const whole = this.answers >= this.options.expect;
    if (whole) this.end('enough has been heard');
    this.subscriber.next(answer);
    if (whole) this.subscriber.complete();
  }

  private cancel(server: AcceptFrame, reason: string): void {
    const { callId } = this.options;
    this.options.tell(server, { kind: 'cancel', callId, execution: server.execution, reason });
  }

  /** Whoever still runs the request is told to stop; whoever begins later is told when it says so. */
  private end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    for (const { accept } of this.asked.values()) {
      this.options.release(accept, accept.execution);
      this.cancel(accept, reason);
    }
    this.asked.clear();
    this.options.onEnded();
  }
}
