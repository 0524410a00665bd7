import type { ReceivedRecord } from '../drivers/driver.js';
import type { Letter, Origin } from './dead-letter.js';
import { time, wholeNumber } from './header-text.js';

/** The headers that an event has on a retry topic beside its own. Text; numbers are decimal, times ISO 8601. */
export const RETRY_HEADERS = {
  /** The handler that failed: no other is given the event again. */
  handler: 'parley-retry-handler',
  /** How many of its retry topics the event has come to, this one included. */
  hop: 'parley-retry-hop',
  /** Runs of the handler so far. */
  attempts: 'parley-retry-attempts',
  firstFailedAt: 'parley-retry-first-failed-at',
  /** When its next run is due. */
  dueAt: 'parley-retry-due-at',
  /** Where the event was first read, and its time there, in ms since the epoch. */
  topic: 'parley-retry-topic',
  partition: 'parley-retry-partition',
  offset: 'parley-retry-offset',
  timestamp: 'parley-retry-timestamp',
} as const;

const PREFIX = 'parley-retry-';
/** A handler's name goes into the headers of a dead letter, which has to fit in a record. */
const MAX_HANDLER_LENGTH = 1000;

/** What is known of an event that waits for another run of one handler. */
export interface Retry {
  handler: string;
  /** 1 for the first retry topic. */
  hop: number;
  /** Runs of the handler so far. */
  attempts: number;
  firstFailedAt: Date;
  dueAt: Date;
}

/** The event as it goes to a retry topic. */
export function retryRecord(event: Letter & Origin & { timestamp: number }, retry: Retry): Letter {
  return {
    key: event.key,
    value: event.value,
    headers: {
      ...event.headers,
      [RETRY_HEADERS.handler]: retry.handler,
      [RETRY_HEADERS.hop]: String(retry.hop),
      [RETRY_HEADERS.attempts]: String(retry.attempts),
      [RETRY_HEADERS.firstFailedAt]: retry.firstFailedAt.toISOString(),
      [RETRY_HEADERS.dueAt]: retry.dueAt.toISOString(),
      [RETRY_HEADERS.topic]: event.topic,
      [RETRY_HEADERS.partition]: String(event.partition),
      [RETRY_HEADERS.offset]: String(event.offset),
      [RETRY_HEADERS.timestamp]: String(event.timestamp),
    },
  };
}

/** What `retryRecord` was given; undefined where the record is none of its, whoever wrote it. */
export function readRetry(record: ReceivedRecord): { event: ReceivedRecord; retry: Retry } | undefined {
  const said = (name: keyof typeof RETRY_HEADERS) => record.headers[RETRY_HEADERS[name]]?.toString();
  const handler = said('handler');
  const hop = wholeNumber(said('hop'));
  const attempts = wholeNumber(said('attempts'));
  const firstFailedAt = time(said('firstFailedAt'));
  const dueAt = time(said('dueAt'));
  const topic = said('topic');
  const partition = wholeNumber(said('partition'));
  const offset = wholeNumber(said('offset'));
  const timestamp = wholeNumber(said('timestamp'));
  if (handler === undefined || handler.length > MAX_HANDLER_LENGTH) return;
  if (hop === undefined || attempts === undefined || topic === undefined) return;
  if (firstFailedAt === undefined || dueAt === undefined) return;
  if (partition === undefined || offset === undefined || timestamp === undefined) return;
  const { key, value } = record;
  const headers = withoutRetry(record.headers);
  return {
    event: { topic, partition, offset, timestamp, key, value, headers },
    retry: { handler, hop, attempts, firstFailedAt, dueAt },
  };
}

/** A producer's own headers of these names say nothing: an event that is tried again gets them anew. */
function withoutRetry(headers: ReceivedRecord['headers']): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(PREFIX)));
}
