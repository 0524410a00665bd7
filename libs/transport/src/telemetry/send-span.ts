import { context, SpanKind, trace, type Context, type Span, type Tracer } from '@opentelemetry/api';
import type { HeaderValue } from '../drivers/driver.js';
import type { RecordMetadata } from '../link/send-record.js';
import { ATTRIBUTES, operationOn, spanName } from './attributes.js';
import { extract, handedOn, inject } from './carrier.js';
import { endFailed } from './span-end.js';

interface Sent<H> {
  topic: string;
  key: Buffer | null;
  headers: H;
}

interface SentEvent extends Sent<Record<string, HeaderValue>> {
  pattern: string;
  /** Absent where the record does not carry one. */
  messageId?: string;
  correlationId?: string;
}

/** One record on its way, until a broker has it. */
export class SendSpan<H extends Readonly<Record<string, HeaderValue>>> {
  private constructor(
    private readonly span: Span,
    /** The record's, with what the next reader goes on from. */
    readonly headers: H,
  ) {}

  /** An event's: its headers get the span's context, unless they have one. */
  static ofEvent(tracer: Tracer, sent: SentEvent): SendSpan<Record<string, HeaderValue>> {
    const { pattern, messageId, correlationId } = sent;
    const parent = context.active();
    const span = begin(tracer, parent, sent, pattern);
    if (messageId !== undefined) span.setAttribute(ATTRIBUTES.messageId, messageId);
    if (correlationId !== undefined) span.setAttribute(ATTRIBUTES.conversation, correlationId);
    inject(trace.setSpan(parent, span), sent.headers);
    return new SendSpan(span, sent.headers);
  }

  /** Of a record that was read before: in the trace that it came with, and in the place of the span that sent it. */
  static onward(
    tracer: Tracer,
    sent: Sent<Readonly<Record<string, HeaderValue>>>,
  ): SendSpan<Record<string, HeaderValue>> {
    const parent = extract(sent.headers);
    const span = begin(tracer, parent, sent);
    return new SendSpan(span, handedOn(trace.setSpan(parent, span), sent.headers));
  }

  /** Ends it as `sending` ends, and settles so too. */
  async follow(sending: Promise<RecordMetadata>): Promise<RecordMetadata> {
    try {
      const place = await sending;
      this.delivered(place);
      return place;
    } catch (error) {
      this.failed(error);
      throw error;
    }
  }

  delivered({ partition, offset }: Omit<RecordMetadata, 'topic'>): void {
    this.span.setAttribute(ATTRIBUTES.partition, String(partition));
    this.span.setAttribute(ATTRIBUTES.offset, offset);
    this.span.end();
  }

  failed(error: unknown): void {
    endFailed(this.span, error);
  }
}

function begin(
  tracer: Tracer,
  parent: Context,
  { topic, key }: Omit<Sent<unknown>, 'headers'>,
  pattern?: string,
): Span {
  const attributes = {
    ...operationOn('send', topic),
    ...(pattern !== undefined && { [ATTRIBUTES.pattern]: pattern }),
    ...(key && { [ATTRIBUTES.key]: key.toString() }),
  };
  return tracer.startSpan(spanName('send', topic, pattern), { kind: SpanKind.PRODUCER, attributes }, parent);
}
