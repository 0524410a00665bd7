import type { MessageHandler } from '@nestjs/microservices';
import { SpanKind, trace, type Attributes, type Link, type Span, type Tracer } from '@opentelemetry/api';
import type { ExecutionWatch } from '../server/execution-watch.js';
import type { ParleyContext } from '../server/parley-context.js';
import { ATTRIBUTES, operationOn, spanName } from './attributes.js';
import { extract } from './carrier.js';
import { activeInstruments } from './instruments.js';
import { Observation } from './observation.js';
import { activeTracer } from './tracing.js';

export interface Execution {
  kind: 'call' | 'event';
  context: ParleyContext;
  /** That its record was read in; undefined where it was read without one. */
  group: string | undefined;
}

/** What is told of one run of a handler, from before its hooks until its reply has ended. */
export class ExecutionTelemetry implements ExecutionWatch {
  private readonly observation: Observation;

  constructor(
    private readonly execution: Execution,
    /** Who else is told. */
    private readonly inner: ExecutionWatch | undefined,
  ) {
    const { kind, context } = execution;
    const tracer = activeTracer();
    const instruments = activeInstruments();
    const attributes = common(execution);
    const span = tracer && processSpan(tracer, execution, attributes);
    this.observation = new Observation(span, instruments?.processDuration, attributes);
    if (kind === 'event' && context.attempt > 1) instruments?.eventRetries.add(1, attributes);
  }

  handle(handler: MessageHandler, data: unknown): Promise<unknown> {
    return this.inner ? this.inner.handle(handler, data) : handler(data, this.execution.context);
  }

  item(value: unknown): void {
    this.observation.items += 1;
    this.inner?.item(value);
  }

  completed(): void {
    this.observation.ended();
    this.inner?.completed();
  }

  failed(thrown: unknown): void {
    this.observation.failed(thrown);
    this.inner?.failed(thrown);
  }

  stopped(reason: string): void {
    this.observation.ended(reason);
    this.inner?.stopped(reason);
  }
}

/** Patterns are those that have a handler here, whatever a record names: they are few. */
function common({ context, group }: Execution): Attributes {
  return {
    ...operationOn('process', context.topic),
    ...(group !== undefined && { [ATTRIBUTES.group]: group }),
    [ATTRIBUTES.pattern]: context.getPattern(),
  };
}

/** A child of the span that sent the record, and linked to it; what the handler does is in its context. */
function processSpan(tracer: Tracer, { kind, context }: Execution, attributes: Attributes): Span {
  const parent = extract(context.headers);
  const creation = trace.getSpanContext(parent);
  const links: Link[] = creation ? [{ context: creation }] : [];
  const name = spanName('process', context.topic, context.getPattern());
  const options = {
    kind: kind === 'call' ? SpanKind.SERVER : SpanKind.CONSUMER,
    attributes: { ...attributes, ...ofRecord(context) },
    links,
  };
  const span = tracer.startSpan(name, options, parent);
  context.telemetry = trace.setSpan(parent, span);
  return span;
}

function ofRecord({ partition, offset, key, attempt, messageId, correlationId }: ParleyContext): Attributes {
  return {
    [ATTRIBUTES.partition]: String(partition),
    [ATTRIBUTES.offset]: offset,
    [ATTRIBUTES.messageId]: messageId,
    [ATTRIBUTES.conversation]: correlationId,
    ...(key !== undefined && { [ATTRIBUTES.key]: key }),
    ...(attempt > 1 && { [ATTRIBUTES.attempt]: attempt }),
  };
}
