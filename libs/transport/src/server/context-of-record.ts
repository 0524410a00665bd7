import type { PacketMetadata } from '@nestjs/microservices';
import { REPLAY_HEADER } from '../consume/replay-header.js';
import { REDRIVE_HEADERS } from '../dead/history.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import { METADATA_HEADER, PARLEY_HEADER, type EventHeader, type RequestHeader } from '../wire/header.js';
import { ParleyContext, type ContextFields } from './parley-context.js';
import { timeLeftMs } from './time-left.js';

export function contextOfRequest(request: RequestHeader, record: ReceivedRecord): ParleyContext {
  const { pattern, callId, correlationId, attempt, timeoutMs, resumeFrom } = request;
  const now = Date.now();
  const deadline = now + timeLeftMs(timeoutMs, record.timestamp, now);
  return new ParleyContext(
    new RecordFields(record, pattern, callId, correlationId, attempt, deadline, resumeFrom),
  );
}

/** An event may come from any producer: without Parley's header its place in the log identifies it. */
export function contextOfEvent(
  header: EventHeader | undefined,
  record: ReceivedRecord,
  pattern: string,
  attempt: number,
): ParleyContext {
  const id = header?.messageId ?? `${record.topic}-${record.partition}-${record.offset}`;
  const correlationId = header?.correlationId ?? record.headers['correlation-id']?.toString() ?? id;
  return new ParleyContext(new RecordFields(record, pattern, id, correlationId, attempt, undefined, 0));
}

/** Of Parley's own headers what handlers are told. */
const TOLD: ReadonlySet<string> = new Set(Object.values(REDRIVE_HEADERS));

/** What needs work to read is read when it is asked for. */
class RecordFields implements ContextFields {
  constructor(
    private record: ReceivedRecord,
    readonly pattern: string,
    readonly messageId: string,
    readonly correlationId: string,
    readonly attempt: number,
    readonly deadline: number | undefined,
    readonly resumeFrom: number,
  ) {}

  /** A record's bytes are a part of the whole answer that it came in, up to megabytes of other requests. */
  detach(): void {
    const { key, headers } = this.record;
    const copies = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const);
    this.record = {
      ...this.record,
      key: key && Buffer.from(key),
      value: null,
      headers: Object.fromEntries(copies),
    };
  }

  get topic(): string {
    return this.record.topic;
  }

  get partition(): number {
    return this.record.partition;
  }

  get offset(): number {
    return this.record.offset;
  }

  get timestamp(): number {
    return this.record.timestamp;
  }

  get key(): string | undefined {
    return this.record.key?.toString();
  }

  get replayed(): boolean {
    return this.record.headers[REPLAY_HEADER] !== undefined;
  }

  get headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.record.headers)) {
      if (!name.startsWith(PARLEY_HEADER) || TOLD.has(name)) headers[name] = value.toString();
    }
    return headers;
  }

  /** What is not text by text is left out: any producer can write the header. */
  get metadata(): PacketMetadata {
    const header = this.record.headers[METADATA_HEADER];
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
}
