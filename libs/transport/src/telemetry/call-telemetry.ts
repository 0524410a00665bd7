import type { Message } from '../client/message.js';
import type { ReplyTaker } from '../client/outgoing-call-options.js';
import type { HeaderValue } from '../drivers/driver.js';
import { CallSpan } from './call-span.js';
import { activeTracer } from './tracing.js';

/** What is told of one call at its client. It stands between the call and whoever takes its reply. */
export class CallTelemetry<T> implements ReplyTaker<T> {
  private items = 0;
  private over = false;

  private constructor(
    private readonly taker: ReplyTaker<T>,
    private readonly span: CallSpan | undefined,
  ) {}

  /** Undefined where nobody listens. */
  static begin<T>(
    message: Message,
    callId: string,
    service: string,
    topicOf: (pattern: string) => { topic: string },
    taker: ReplyTaker<T>,
  ): CallTelemetry<T> | undefined {
    const tracer = activeTracer();
    if (!tracer) return undefined;
    const span = new CallSpan(tracer, message, service, destination(message.pattern, topicOf), callId);
    return new CallTelemetry(taker, span);
  }

  request(headers: Record<string, HeaderValue>, attempt: number, partition: number): void {
    this.span?.request(headers, attempt, partition);
  }

  next(value: T, bytes: number): void {
    this.items += 1;
    this.taker.next(value, bytes);
  }

  error(error: unknown): void {
    this.over = true;
    this.span?.failed(error, this.items);
    this.taker.error(error);
  }

  complete(): void {
    this.end();
    this.taker.complete();
  }

  /** The call is held no more. Where it failed, or its reply is complete, that is told in this turn. */
  released(): void {
    if (!this.over) queueMicrotask(() => this.end());
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.span?.ended(this.items);
  }
}

/** A pattern that has no topic fails its call: that is told then. */
function destination(pattern: string, topicOf: (pattern: string) => { topic: string }): string | undefined {
  try {
    return topicOf(pattern).topic;
  } catch {
    return undefined;
  }
}
