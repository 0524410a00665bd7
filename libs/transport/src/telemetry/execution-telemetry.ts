import type { MessageHandler } from '@nestjs/microservices';
import { SpanKind, trace, type Attributes, type Link, type Span, type Tracer } from '@opentelemetry/api';
import type { ExecutionWatch } from '../server/execution-watch.js';
import type { ParleyContext } from '../server/parley-context.js';
import { ATTRIBUTES, operationOn, spanName } from './attributes.js';
import { extract } from './carrier.js';
import { activeInstruments, type Instruments } from './instruments.js';
import { endFailed, errorType } from './span-end.js';
import { activeTracer } from './tracing.js';

export interface Execution {
  kind: 'call' | 'event';
  context: ParleyContext;
}

/** What is told of one run of a handler, from before its hooks until its reply has ended. */
export class ExecutionTelemetry implements ExecutionWatch {
  private readonly begun = performance.now();
  private readonly span: Span | undefined;
  private readonly instruments: Instruments | undefined = activeInstruments();
  private items = 0;
  private over = false;

  constructor(
    private readonly execution: Execution,
    /** Who else is told. */
    private readonly inner: ExecutionWatch | undefined,
  ) {
    const { kind, context } = execution;
    const tracer = activeTracer();
    this.span = tracer && processSpan(tracer, execution);
    if (kind === 'event' && context.attempt > 1) this.instruments?.eventRetries.add(1, this.attributes());
  }

  handle(handler: MessageHandler, data: unknown): Promise<unknown> {
    return this.inner ? this.inner.handle(handler, data) : handler(data, this.execution.context);
  }

  item(value: unknown): void {
    this.items += 1;
    this.inner?.item(value);
  }

  completed(): void {
    this.end();
    this.inner?.completed();
  }

  failed(thrown: unknown): void {
    if (!this.over) {
      this.over = true;
      this.span?.setAttribute(ATTRIBUTES.items, this.items);
      if (this.span) endFailed(this.span, thrown);
      this.record({ ...this.attributes(), [ATTRIBUTES.errorType]: errorType(thrown) });
    }
    this.inner?.failed(thrown);
  }

  stopped(reason: string): void {
    if (!this.over) this.span?.setAttribute(ATTRIBUTES.stopped, reason);
    this.end();
    this.inner?.stopped(reason);
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.span?.setAttribute(ATTRIBUTES.items, this.items);
    this.span?.end();
    this.record(this.attributes());
  }

  private record(attributes: Attributes): void {
    this.instruments?.processDuration.record((performance.now() - this.begun) / 1000, attributes);
  }

  /** Patterns are those that have a handler here, whatever a record names: they are few. */
  private attributes(): Attributes {
    const { context } = this.execution;
    return { ...operationOn('process', context.topic), [ATTRIBUTES.pattern]: context.getPattern() };
  }
}

/** A child of the span that sent the record, and linked to it; what the handler does is in its context. */
function processSpan(tracer: Tracer, { kind, context }: Execution): Span {
  const parent = extract(context.headers);
  const creation = trace.getSpanContext(parent);
  const links: Link[] = creation ? [{ context: creation }] : [];
  const name = spanName('process', context.topic, context.getPattern());
  const ofKind = kind === 'call' ? SpanKind.SERVER : SpanKind.CONSUMER;
  const span = tracer.startSpan(name, { kind: ofKind, attributes: said(context), links }, parent);
  context.telemetry = trace.setSpan(parent, span);
  return span;
}

function said(context: ParleyContext): Attributes {
  const { topic, partition, offset, key, attempt, messageId, correlationId } = context;
  return {
    ...operationOn('process', topic),
    [ATTRIBUTES.pattern]: context.getPattern(),
    [ATTRIBUTES.partition]: String(partition),
    [ATTRIBUTES.offset]: offset,
    [ATTRIBUTES.messageId]: messageId,
    [ATTRIBUTES.conversation]: correlationId,
    ...(key !== undefined && { [ATTRIBUTES.key]: key }),
    ...(attempt > 1 && { [ATTRIBUTES.attempt]: attempt }),
  };
}
