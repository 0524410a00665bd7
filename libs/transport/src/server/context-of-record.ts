import type { PacketMetadata } from '@nestjs/microservices';
import type { ReceivedRecord } from '../drivers/driver.js';
import { METADATA_HEADER, PARLEY_HEADER, type EventHeader, type RequestHeader } from '../wire/header.js';
import { ParleyContext } from './parley-context.js';

export function contextOfRequest(request: RequestHeader, record: ReceivedRecord): ParleyContext {
  return new ParleyContext({
    ...placeOf(record),
    pattern: request.pattern,
    messageId: request.callId,
    correlationId: request.correlationId,
    attempt: request.attempt,
    deadline: record.timestamp + request.timeoutMs,
  });
}

/** An event may come from any producer: without Parley's header its place in the log identifies it. */
export function contextOfEvent(
  header: EventHeader | undefined,
  record: ReceivedRecord,
  pattern: string,
): ParleyContext {
  const id = header?.messageId ?? `${record.topic}-${record.partition}-${record.offset}`;
  return new ParleyContext({
    ...placeOf(record),
    pattern,
    messageId: id,
    correlationId: header?.correlationId ?? record.headers['correlation-id']?.toString() ?? id,
    attempt: 1,
    deadline: undefined,
  });
}

function placeOf(record: ReceivedRecord) {
  const { topic, partition, offset, timestamp } = record;
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: record.key?.toString(),
    headers: userHeaders(record),
    metadata: metadataOf(record),
  };
}

function userHeaders(record: ReceivedRecord): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(record.headers)) {
    if (name !== PARLEY_HEADER && name !== METADATA_HEADER) headers[name] = value.toString();
  }
  return headers;
}

/** What is not text by text is left out: any producer can write the header. */
function metadataOf(record: ReceivedRecord): PacketMetadata {
  const header = record.headers[METADATA_HEADER];
  if (!header) return {};
  try {
    const parsed: unknown = JSON.parse(header.toString());
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries<string>(
      Object.entries(parsed).filter(([, value]) => typeof value === 'string'),
    );
  } catch {
    return {};
  }
}
