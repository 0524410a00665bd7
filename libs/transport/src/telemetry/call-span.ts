import { context, SpanKind, trace, type Context, type Span, type Tracer } from '@opentelemetry/api';
import type { Message } from '../client/message.js';
import type { HeaderValue } from '../drivers/driver.js';
import { ATTRIBUTES, operationOn, spanName } from './attributes.js';
import { inject } from './carrier.js';
import { endFailed } from './span-end.js';

/** The client's span of a call: from its start until its reply has ended. */
export class CallSpan {
  private readonly span: Span;
  private readonly context: Context;

  constructor(
    tracer: Tracer,
    { pattern, key, value, attempt = 1 }: Message,
    service: string,
    destination: string | undefined,
    callId: string,
  ) {
    const parent = context.active();
    const attributes = {
      ...operationOn('send', destination),
      [ATTRIBUTES.service]: service,
      [ATTRIBUTES.pattern]: pattern,
      [ATTRIBUTES.messageId]: callId,
      [ATTRIBUTES.bodySize]: value.length,
      ...(key && { [ATTRIBUTES.key]: key.toString() }),
      ...(attempt > 1 && { [ATTRIBUTES.attempt]: attempt }),
    };
    const name = spanName('send', destination, pattern);
    this.span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    this.context = trace.setSpan(parent, this.span);
  }

  /** With each request of the call: another server that goes on with it is one more. */
  request(headers: Record<string, HeaderValue>, attempt: number, partition: number | undefined): void {
    inject(this.context, headers);
    if (partition !== undefined) this.span.setAttribute(ATTRIBUTES.partition, String(partition));
    if (attempt > 1) this.span.addEvent('parley.request', { [ATTRIBUTES.attempt]: attempt });
  }

  failed(error: unknown, items: number): void {
    this.span.setAttribute(ATTRIBUTES.items, items);
    endFailed(this.span, error);
  }

  /** The reply is complete, or its caller has left. */
  ended(items: number): void {
    this.span.setAttribute(ATTRIBUTES.items, items);
    this.span.end();
  }
}
