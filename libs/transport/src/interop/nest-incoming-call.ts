import type { MessageHandler } from '@nestjs/microservices';
import { originalError } from '../exceptions/original-errors.js';
import type { ExecutionWatch } from '../server/execution-watch.js';
import { runInScope } from '../server/execution-scope.js';
import type { ParleyContext } from '../server/parley-context.js';
import { pumpReply, type ReplySink } from '../server/calls/reply-source.js';
import type { NestReplyOptions } from './nest-reply.js';
import { Unanswered } from './unanswered.js';

/** Callers that use the built-in name no deadline: past this, in ms, a handler that has given nothing has failed. */
export const NEST_ANSWER_WITHIN_MS = 300_000;

type ReplyEvents = Pick<NestReplyOptions, 'onStreaming' | 'onBroken' | 'onSettled'>;

export interface NestIncomingCallOptions {
  handler: MessageHandler;
  context: ParleyContext;
  /** Who is told how the run goes; undefined where nobody asks. */
  watch: ExecutionWatch | undefined;
  /** Whether one more call may become a stream. */
  mayStream(): boolean;
  /** The call is a stream that has begun: it needs no lane and no slot any more. */
  onStreaming(): void;
  onThrown(thrown: unknown): void;
  onSettled(): void;
  /** The reply; undefined where nobody asked for one. */
  replyTo(events: ReplyEvents): ReplySink | undefined;
}

/** One run of a handler for a caller that uses Nest's built-in transport. */
export class NestIncomingCall {
  private readonly reply: ReplySink;
  private readonly timer: NodeJS.Timeout;
  private stopSource: (() => void) | undefined;
  private end: (() => void) | undefined;
  streaming = false;

  constructor(private readonly options: NestIncomingCallOptions) {
    const events: ReplyEvents = {
      onStreaming: () => this.beginStream(),
      onBroken: why => this.stop(why),
      onSettled: () => this.settled(),
    };
    this.reply = options.replyTo(events) ?? new Unanswered(events.onSettled);
    this.timer = setTimeout(() => this.expire(), NEST_ANSWER_WITHIN_MS);
  }

  /** Starts the handler; `end` is called when its reply has settled. Never rejects. */
  async run(data: unknown, end: () => void): Promise<void> {
    const { handler, context, watch } = this.options;
    this.end = end;
    try {
      const result: unknown = await runInScope(context, () =>
        watch ? watch.handle(handler, data) : handler(data, context),
      );
      if (this.reply.ended) return;
      const stop = runInScope(context, () => pumpReply(result, this.sink));
      this.stopSource = stop;
      if (this.reply.ended) stop();
    } catch (error) {
      this.fail(error);
    }
  }

  /** This process stops: the caller is told, the handler's work is stopped. */
  drain(): void {
    const message = 'the server is draining';
    this.endWith({ status: 'UNAVAILABLE', message });
  }

  private get sink(): ReplySink {
    const { reply } = this;
    const { watch } = this.options;
    return {
      get ended() {
        return reply.ended;
      },
      push: value => {
        watch?.item(value);
        return reply.push(value);
      },
      room: () => reply.room(),
      hasRoom: () => reply.hasRoom(),
      complete: () => {
        watch?.completed();
        reply.complete();
      },
      fail: error => this.fail(error),
    };
  }

  private beginStream(): void {
    clearTimeout(this.timer);
    if (!this.options.mayStream()) {
      this.endWith({
        status: 'RESOURCE_EXHAUSTED',
        message: 'the server has as many streams open as it may',
      });
      return;
    }
    this.streaming = true;
    this.options.context.beginStream();
    this.options.onStreaming();
  }

  private expire(): void {
    const message = `the handler has given nothing within ${NEST_ANSWER_WITHIN_MS} ms`;
    this.endWith({ status: 'DEADLINE_EXCEEDED', message });
  }

  private fail(error: unknown): void {
    const thrown = originalError(error);
    this.options.watch?.failed(thrown);
    this.options.onThrown(thrown);
    this.reply.fail(error);
  }

  private endWith(error: { status: string; message: string }): void {
    if (this.reply.ended) return;
    this.reply.fail(error);
    this.stop(error.message);
  }

  private stop(why: string): void {
    // First: a source that is stopped may end as if by itself.
    this.options.watch?.stopped(why);
    runInScope(this.options.context, () => this.stopSource?.());
    this.options.context.abort(why);
  }

  private settled(): void {
    clearTimeout(this.timer);
    this.end?.();
    this.options.onSettled();
  }
}
