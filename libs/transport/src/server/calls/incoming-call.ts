import type { ControlReceiver } from '../../link/frame-router.js';
import type { SharedExecution } from '../../link/peer.js';
import type { Codec } from '../../wire/codec.js';
import type { ClientFrame } from '../../wire/frame.js';
import { encodeItem } from '../../wire/item.js';
import type { Status } from '../../wire/status.js';
import { originalError } from '../../exceptions/original-errors.js';
import { ParleyException } from '../../exceptions/parley-exception.js';
import { statusOfThrown } from '../../exceptions/thrown.js';
import { runInScope } from '../execution-scope.js';
import type { ExecutionWatch } from '../execution-watch.js';
import type { CallHandler } from '../handlers.js';
import type { ParleyContext } from '../parley-context.js';
import { isSource, pumpReply, type ReplySink } from './reply-source.js';
import { MAX_PUSHED_BYTES, MAX_PUSHED_ITEMS, type ReplyStream } from './reply-stream.js';

/** A call that runs longer than this tells its client where it runs, so that it can be cancelled. In ms. */
export const ACCEPT_AFTER_MS = 100;

export interface IncomingCallOptions extends CallHandler {
  context: ParleyContext;
  codec: Codec;
  /** What an item of the reply may weigh, in bytes. */
  maxItemBytes: number;
  reply: ReplyStream;
  /** Absent where nobody asks how it goes. */
  watch?: ExecutionWatch | undefined;
  /** The client holds the call: it is no longer Kafka's to give to another server. */
  onHandedOver(): void;
  /** The call is a stream that its client holds: it needs no lane and no slot any more. */
  onStreamHandedOver(): void;
  onThrown(thrown: unknown): void;
}

/** One execution of a handler for a call: its values go out through the reply, credit and cancel come in. */
export class IncomingCall implements ControlReceiver, ReplySink, SharedExecution {
  private stopSource: (() => void) | undefined;
  private acceptTimer: NodeJS.Timeout | undefined;
  private handedOver = false;
  private streaming = false;

  constructor(private readonly options: IncomingCallOptions) {}

  /** Starts the handler. Never rejects: whatever goes wrong becomes the call's status. */
  async run(data: unknown): Promise<void> {
    const { handler, context, reply, watch } = this.options;
    this.acceptTimer = setTimeout(() => reply.announce(), ACCEPT_AFTER_MS);
    try {
      const result = await runInScope(context, () =>
        watch ? watch.handle(handler, data) : handler(data, context),
      );
      if (reply.ended) return;
      const stop = isSource(result)
        ? runInScope(context, () => pumpReply(result, this))
        : pumpReply(result, this);
      this.stopSource = stop;
      if (reply.ended) stop();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  receive(frame: ClientFrame): void {
    if (frame.kind === 'cancel') {
      this.cancel(frame.reason);
      return;
    }
    this.confirmed();
    this.options.reply.grant(frame);
  }

  /** The client holds the call. */
  confirmed(): void {
    if (this.handedOver) return;
    this.handedOver = true;
    this.options.onHandedOver();
    if (this.streaming) this.options.onStreamHandedOver();
  }

  /** Items leave and there will be more: the call is a stream. */
  beginStream(): void {
    this.streaming = true;
    this.options.context.beginStream();
    if (this.handedOver) this.options.onStreamHandedOver();
  }

  /** The client is gone, or has ended the call: should it live after all, it is told. */
  lost(why: string): void {
    const { ended } = this;
    this.options.reply.failNow({
      code: 'UNAVAILABLE',
      message: `the server gave the call up: its client ${why}`,
    });
    if (!ended) this.stop(`the client ${why}`);
  }

  /** Nobody waits for the reply: stops the handler's work and sends nothing more. */
  cancel(reason: string): void {
    this.options.reply.cancel();
    this.stop(reason);
  }

  /** This process stops: the client is told, the handler's work is stopped. */
  drain(): void {
    const { ended } = this;
    if (ended && !this.options.reply.stalled) return;
    this.options.reply.drain();
    if (!ended) this.stop('the server is draining');
  }

  /** The stream may go on elsewhere: nothing is lost when it is ended here. */
  get movable(): boolean {
    return this.streaming && this.handedOver && this.options.handling.resumable === true;
  }

  get ended(): boolean {
    return this.options.reply.ended;
  }

  hasRoom(): boolean {
    return this.options.reply.hasRoom();
  }

  room(): Promise<void> {
    return this.options.reply.room();
  }

  push(value: unknown): boolean {
    const { codec, reply, maxItemBytes, watch } = this.options;
    if (reply.ended) return false;
    let item: Buffer;
    try {
      item = encodeItem(codec, value);
    } catch (error) {
      this.options.onThrown(error);
      this.failNow(
        { code: 'INTERNAL', message: 'the server could not encode its reply' },
        'the reply cannot be encoded',
      );
      return false;
    }
    if (item.length > maxItemBytes) {
      this.failNow(tooLarge(item.length, maxItemBytes), 'an item of the reply is too large');
      return false;
    }
    if (reply.push(item)) {
      watch?.item(value);
      return true;
    }
    this.failNow(TOO_FAST, 'the caller is too slow');
    return false;
  }

  complete(): void {
    clearTimeout(this.acceptTimer);
    this.options.reply.complete();
    this.options.watch?.completed();
  }

  fail(error: unknown): void {
    clearTimeout(this.acceptTimer);
    const thrown = originalError(error);
    this.options.onThrown(thrown);
    this.options.reply.fail(statusOfThrown(thrown));
    this.options.watch?.failed(thrown);
  }

  private failNow(status: Status, reason: string): void {
    this.options.reply.failNow(status);
    this.options.watch?.failed(ParleyException.of(status));
    this.stop(reason);
  }

  private stop(reason: string): void {
    clearTimeout(this.acceptTimer);
    // First: a source that is stopped may end as if by itself.
    this.options.watch?.stopped(reason);
    runInScope(this.options.context, () => this.stopSource?.());
    this.options.context.abort(reason);
  }
}

const TOO_FAST: Status = {
  code: 'RESOURCE_EXHAUSTED',
  message: `the handler emits faster than the caller takes: more than ${MAX_PUSHED_ITEMS} items or ${MAX_PUSHED_BYTES} bytes wait. Return an async iterable, which is pulled, or keep only the latest`,
};

function tooLarge(bytes: number, limit: number): Status {
  return {
    code: 'INVALID_ARGUMENT',
    message: `an item of the reply weighs ${bytes} bytes; the limit of its server is ${limit} (maxItemBytes)`,
  };
}
