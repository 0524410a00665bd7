import { ROOT_CONTEXT, SpanKind, trace, type Attributes, type Link } from '@opentelemetry/api';
import type { ReceivedBatch, ReceivedRecord } from '../drivers/driver.js';
import { ATTRIBUTES, operationOn } from './attributes.js';
import { extract } from './carrier.js';
import { activeInstruments } from './instruments.js';
import { activeTracer } from './tracing.js';

/** As many as SDKs keep by default. */
const MAX_LINKS = 128;

/** Tells that records were taken in: counts them, and makes one span for the batch. */
export function tellReceived(group: string, { topic, partition, records }: ReceivedBatch): void {
  const tracer = activeTracer();
  const instruments = activeInstruments();
  if (!tracer && !instruments) return;
  const attributes: Attributes = { ...operationOn('receive', topic), [ATTRIBUTES.group]: group };
  instruments?.consumedMessages.add(records.length, attributes);
  if (!tracer) return;
  const ofBatch = {
    ...attributes,
    [ATTRIBUTES.partition]: String(partition),
    [ATTRIBUTES.batchCount]: records.length,
  };
  const options = { kind: SpanKind.CLIENT, attributes: ofBatch, links: creationsOf(records) };
  tracer.startSpan(`receive ${topic}`, options, ROOT_CONTEXT).end();
}

/** What sent them. */
function creationsOf(records: readonly ReceivedRecord[]): Link[] {
  const links: Link[] = [];
  for (const { headers } of records) {
    if (links.length === MAX_LINKS) break;
    const creation = trace.getSpanContext(extract(headers));
    if (creation) links.push({ context: creation });
  }
  return links;
}
