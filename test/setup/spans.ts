import { context, propagation, trace, type HrTime } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node';

/** Every span of this process, as an application's SDK would export it. */
export class Spans {
  private readonly exporter = new InMemorySpanExporter();
  private readonly provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.exporter)],
  });

  /** What an application does before all else. */
  register(): this {
    this.provider.register();
    return this;
  }

  /** Those that have ended, in the order of their starts. */
  get all(): ReadableSpan[] {
    const at = ([seconds, nanos]: HrTime) => seconds * 1e9 + nanos;
    return this.exporter.getFinishedSpans().toSorted((a, b) => at(a.startTime) - at(b.startTime));
  }

  named(name: string): ReadableSpan[] {
    return this.all.filter(span => span.name === name);
  }

  clear(): void {
    this.exporter.reset();
  }

  async shutdown(): Promise<void> {
    trace.disable();
    context.disable();
    propagation.disable();
    await this.provider.shutdown();
  }
}

/** The names of a span and its ancestors, from the root on; `…` where one of them is missing. */
export function pathOf(span: ReadableSpan, spans: readonly ReadableSpan[]): string[] {
  const parentId = span.parentSpanContext?.spanId;
  if (parentId === undefined) return [span.name];
  const parent = spans.find(other => other.spanContext().spanId === parentId);
  return [...(parent ? pathOf(parent, spans) : ['…']), span.name];
}
