import { context, SpanKind, trace, type Context, type Span, type Tracer } from '@opentelemetry/api';
import type { HeaderValue } from '../drivers/driver.js';
import { ATTRIBUTES, operationOn, spanName } from './attributes.js';
import type { BegunCall } from './call-telemetry.js';
import { inject } from './carrier.js';

/** The client's span of a call: from its start until its reply has ended. */
export class CallSpan {
  readonly span: Span;
  private readonly context: Context;

  constructor(tracer: Tracer, { callId, correlationId, message, service }: BegunCall, topic?: string) {
    const { pattern, key, attempt = 1 } = message;
    const parent = context.active();
    const attributes = {
      ...operationOn('send', topic),
      [ATTRIBUTES.service]: service,
      [ATTRIBUTES.pattern]: pattern,
      [ATTRIBUTES.messageId]: callId,
      [ATTRIBUTES.conversation]: correlationId,
      ...(key && { [ATTRIBUTES.key]: key.toString() }),
      ...(attempt > 1 && { [ATTRIBUTES.attempt]: attempt }),
    };
    const name = spanName('send', topic, pattern);
    this.span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    this.context = trace.setSpan(parent, this.span);
  }

  /** With each request of the call: another server that goes on with it is one more. */
  request(headers: Record<string, HeaderValue>, attempt: number, partition: number | undefined): void {
    inject(this.context, headers);
    if (partition !== undefined) this.span.setAttribute(ATTRIBUTES.partition, String(partition));
    if (attempt > 1) this.span.addEvent('parley.request', { [ATTRIBUTES.attempt]: attempt });
  }
}
