import type { Attributes } from '@opentelemetry/api';
import type { Message } from '../client/message.js';
import type { ReplyTaker } from '../client/outgoing-call-options.js';
import type { HeaderValue } from '../drivers/driver.js';
import { ATTRIBUTES } from './attributes.js';
import { CallSpan } from './call-span.js';
import { activeInstruments, type Instruments } from './instruments.js';
import { KnownValues } from './known-values.js';
import { errorType } from './span-end.js';
import { activeTracer } from './tracing.js';

/** Clients may make patterns up as they run. */
const patterns = new KnownValues();

export interface BegunCall {
  callId: string;
  message: Message;
  /** The service that is called. */
  service: string;
  topicOf: (pattern: string) => { topic: string };
}

/** What is told of one call at its client. It stands between the call and whoever takes its reply. */
export class CallTelemetry<T> implements ReplyTaker<T> {
  private readonly begun = performance.now();
  private readonly span: CallSpan | undefined;
  private readonly instruments: Instruments | undefined = activeInstruments();
  private items = 0;
  private over = false;

  constructor(
    private readonly call: BegunCall,
    private readonly taker: ReplyTaker<T>,
  ) {
    const { message, service, callId } = call;
    const tracer = activeTracer();
    this.span = tracer && new CallSpan(tracer, message, service, destinationOf(call), callId);
    if ((message.attempt ?? 1) > 1) this.instruments?.callRetries.add(1, this.attributes());
  }

  /** With each request of the call. No partition: it goes to all of them. */
  request(headers: Record<string, HeaderValue>, attempt: number, partition?: number): void {
    this.span?.request(headers, attempt, partition);
  }

  next(value: T, bytes = 0): void {
    this.items += 1;
    this.taker.next(value, bytes);
  }

  error(error: unknown): void {
    this.over = true;
    this.span?.failed(error, this.items);
    this.record({ ...this.attributes(), [ATTRIBUTES.errorType]: errorType(error) });
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
    this.record(this.attributes());
  }

  private record(attributes: Attributes): void {
    this.instruments?.callDuration.record((performance.now() - this.begun) / 1000, attributes);
  }

  private attributes(): Attributes {
    const { service, message } = this.call;
    return { [ATTRIBUTES.service]: service, [ATTRIBUTES.pattern]: patterns.told(message.pattern) };
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
