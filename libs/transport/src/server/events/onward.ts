import { setTimeout as delay } from 'node:timers/promises';
import type { TopicSpec } from '../../drivers/driver.js';
import { ParleyException } from '../../exceptions/parley-exception.js';
import { backoffMs } from '../../link/backoff.js';
import type { Link } from '../../link/link.js';
import { sendRecord, type RecordMetadata, type UnplacedRecord } from '../../link/send-record.js';
import { activeTracer } from '../../telemetry/tracing.js';
import { SendSpan } from '../../telemetry/send-span.js';
import type { Untaken } from './untaken.js';

/** How long a record may take to be acknowledged before it is sent again, in ms. */
const TIMEOUT_MS = 30_000;
/** The longest wait before it is sent again, in ms. */
const LONGEST_WAIT_MS = 30_000;

/** For how long a record is sent again and again. */
export interface Persistence {
  /** Ends it: the wait for another try at once, a try that is under way once that has its outcome. */
  signal: AbortSignal;
  /**
   * How long Kafka may be away, in ms; what only people can mend (a topic that is not there, or may not be written) ends
   * it at once then. Default: both are outlasted, however long they take.
   */
  patienceMs?: number;
}

/** Sends on what must not be lost: failed events to their retry topics and to the dead letters. */
export class Onward {
  constructor(
    private readonly link: Link,
    /** Told what is not taken yet. */
    private readonly untaken: Untaken,
  ) {}

  /**
   * Resolves once every in-sync replica has the record. Rejects where the topic takes no such record (`isRefusal`), unless
   * there is nothing else to send (`only`); where the signal is aborted first; or where there is no patience left.
   */
  async send(
    topic: TopicSpec,
    record: UnplacedRecord,
    { signal, patienceMs }: Persistence,
    only = false,
  ): Promise<void> {
    signal.throwIfAborted();
    const until = performance.now() + (patienceMs ?? Infinity);
    const waiting = this.untaken.waits();
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await sendOnward(this.link, topic, record);
          return;
        } catch (error) {
          if (isRefusal(error) && !only) throw error;
          signal.throwIfAborted();
          waiting.refused(topic.topic, error);
          const waitMs = backoffMs(attempt, { longestMs: LONGEST_WAIT_MS });
          const impatient = patienceMs !== undefined && !mayPass(error);
          if (impatient || performance.now() + waitMs > until) throw error;
          await delay(waitMs, undefined, { signal });
        }
      }
    } finally {
      waiting.end();
    }
  }
}

function sendOnward(link: Link, spec: TopicSpec, record: UnplacedRecord): Promise<RecordMetadata> {
  const tracer = activeTracer();
  if (!tracer) return sendRecord(link, spec, record, TIMEOUT_MS);
  const { key, headers } = record;
  const span = SendSpan.onward(tracer, { topic: spec.topic, key, headers });
  return span.follow(sendRecord(link, spec, { ...record, headers: span.headers }, TIMEOUT_MS));
}

/** The broker, or the sender's own bounds, take no such record. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ParleyException && error.status === 'INVALID_ARGUMENT';
}

/** It may be over without anybody's doing. */
function mayPass(error: unknown): boolean {
  return (
    error instanceof ParleyException &&
    (error.status === 'UNAVAILABLE' || error.status === 'DEADLINE_EXCEEDED')
  );
}
