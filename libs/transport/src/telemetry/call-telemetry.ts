import type { Message } from '../client/message.js';
import type { ReplyTaker } from '../client/outgoing-call-options.js';
import type { HeaderValue } from '../drivers/driver.js';
import { ATTRIBUTES } from './attributes.js';
import { CallSpan } from './call-span.js';
import { activeInstruments } from './instruments.js';
import { Observation } from './observation.js';
import { activeTracer } from './tracing.js';

export interface BegunCall {
  callId: string;
  correlationId: string;
  message: Message;
  /** The service that is called. */
  service: string;
  topicOf: (pattern: string) => { topic: string };
}

/** What is told of one call at its client. It stands between the call and whoever takes its reply. */
export class CallTelemetry<T> implements ReplyTaker<T> {
  private readonly span: CallSpan | undefined;
  private readonly observation: Observation;

  constructor(
    call: BegunCall,
    private readonly taker: ReplyTaker<T>,
  ) {
    const { message, service } = call;
    const tracer = activeTracer();
    const instruments = activeInstruments();
    const attributes = {
      [ATTRIBUTES.service]: service,
      ...(instruments && { [ATTRIBUTES.pattern]: instruments.patterns.told(message.pattern) }),
    };
    this.span = tracer && new CallSpan(tracer, call, destinationOf(call));
    this.observation = new Observation(this.span?.span, instruments?.callDuration, attributes);
    if ((message.attempt ?? 1) > 1) instruments?.callRetries.add(1, attributes);
  }

  /** With each request of the call. No partition: it goes to all of them. */
  request(headers: Record<string, HeaderValue>, attempt: number, partition?: number): void {
    this.span?.request(headers, attempt, partition);
  }

  next(value: T, bytes = 0): void {
    this.observation.items += 1;
    this.taker.next(value, bytes);
  }

  error(error: unknown): void {
    this.observation.failed(error);
    this.taker.error(error);
  }

  complete(): void {
    this.observation.ended();
    this.taker.complete();
  }

  /** The call is held no more. Where it failed, or its reply is complete, that is told in this turn. */
  released(): void {
    queueMicrotask(() => this.observation.ended());
  }
}

/** A pattern that has no topic fails its call: that is told then. */
function destinationOf({ message, topicOf }: BegunCall): string | undefined {
  try {
    return topicOf(message.pattern).topic;
  } catch {
    return undefined;
  }
}
