import type { OutgoingRecord } from '../drivers/driver.js';
import { asDriverError } from '../link/driver-status.js';
import { ATTRIBUTES, operationOn } from './attributes.js';
import { activeInstruments } from './instruments.js';

const SEND = operationOn('send');

/** Counts what a produce request carries. Returns who is to be told of its end; undefined where nobody listens. */
export function produceBegins(records: readonly OutgoingRecord[]): ((error?: unknown) => void) | undefined {
  const instruments = activeInstruments();
  if (!instruments) return undefined;
  const begun = performance.now();
  const byTopic = new Map<string, number>();
  for (const { topic } of records) byTopic.set(topic, (byTopic.get(topic) ?? 0) + 1);
  for (const [topic, count] of byTopic) instruments.sentMessages.add(count, operationOn('send', topic));
  instruments.batchSize.record(records.length);
  return error => {
    const attributes = error === undefined ? SEND : { ...SEND, [ATTRIBUTES.errorType]: kindOf(error) };
    instruments.operationDuration.record((performance.now() - begun) / 1000, attributes);
  };
}

function kindOf(error: unknown): string {
  const { code, kind } = asDriverError(error);
  return code ?? kind;
}
