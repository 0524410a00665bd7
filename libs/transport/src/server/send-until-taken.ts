import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from '../link/link.js';
import { sendRecord, type RecordMetadata, type UnplacedRecord } from '../link/send-record.js';
import { activeTracer } from '../telemetry/tracing.js';
import { SendSpan } from '../telemetry/send-span.js';

/** How long a record may take to be acknowledged before it is sent again, in ms. */
const TIMEOUT_MS = 30_000;
const FIRST_WAIT_MS = 100;

/**
 * Sends what must not be lost. Resolves once every in-sync replica has it, however long that takes; rejects where the
 * topic will never take it (`isRefusal`), or `stopping` is aborted first.
 */
export async function sendUntilTaken(
  link: Link,
  topic: TopicSpec,
  record: UnplacedRecord,
  stopping: AbortSignal,
): Promise<void> {
  const untilTaken = retry(
    handleWhen(error => !isRefusal(error)),
    { maxAttempts: Infinity, backoff: new ExponentialBackoff({ initialDelay: FIRST_WAIT_MS }) },
  );
  await untilTaken.execute(() => sendOnward(link, topic, record), stopping);
}

function sendOnward(link: Link, spec: TopicSpec, record: UnplacedRecord): Promise<RecordMetadata> {
  const tracer = activeTracer();
  if (!tracer) return sendRecord(link, spec, record, TIMEOUT_MS);
  const { key, headers } = record;
  const span = SendSpan.onward(tracer, { topic: spec.topic, key, headers });
  return span.follow(sendRecord(link, spec, { ...record, headers: span.headers }, TIMEOUT_MS));
}

/** The broker, or the sender's own bounds, will never take this record. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ParleyException && error.status === 'INVALID_ARGUMENT';
}
