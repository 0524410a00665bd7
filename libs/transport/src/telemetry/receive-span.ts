import { ROOT_CONTEXT, SpanKind, trace, type Link } from '@opentelemetry/api';
import type { ReceivedBatch } from '../drivers/driver.js';
import { ATTRIBUTES, operationOn } from './attributes.js';
import { extract } from './carrier.js';
import { activeTracer } from './tracing.js';

/** As many as SDKs keep by default. */
const MAX_LINKS = 128;

/** Tells that records were taken in: one span for a batch, linked to what sent each of them. */
export function traceReceived(group: string, { topic, partition, records }: ReceivedBatch): void {
  const tracer = activeTracer();
  if (!tracer) return;
  const links: Link[] = [];
  for (const { headers } of records) {
    if (links.length === MAX_LINKS) break;
    const creation = trace.getSpanContext(extract(headers));
    if (creation) links.push({ context: creation });
  }
  const attributes = {
    ...operationOn('receive', topic),
    [ATTRIBUTES.partition]: String(partition),
    [ATTRIBUTES.group]: group,
    [ATTRIBUTES.batchCount]: records.length,
  };
  tracer.startSpan(`receive ${topic}`, { kind: SpanKind.CONSUMER, attributes, links }, ROOT_CONTEXT).end();
}
