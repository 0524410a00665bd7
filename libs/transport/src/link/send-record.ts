import type { HeaderValue, OutgoingRecord, TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Status } from '../wire/status.js';
import { recordBytes, type Parcel } from './parcel.js';
import type { Link } from './link.js';
import { choosePartition } from './partitioner.js';

export interface UnplacedRecord {
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, HeaderValue>>;
}

/** Where a record is in the log. */
export interface RecordMetadata {
  topic: string;
  partition: number;
  offset: number;
}

/**
 * Sends one record, opening the link where it is not; resolves once every in-sync replica has it. Rejects within
 * `timeoutMs`. A link that is closed meanwhile sends it first.
 */
export async function sendRecord(
  link: Link,
  spec: TopicSpec,
  { key, value, headers }: UnplacedRecord,
  timeoutMs: number,
): Promise<RecordMetadata> {
  const { topic, compression } = spec;
  const { departures } = link;
  const departs = departures.begin();
  let partition: number;
  try {
    if (!link.isOpen) await link.open(timeoutMs);
    partition = await choosePartition(link, spec, key);
  } finally {
    if (departs) departures.end();
  }
  const record = { topic, partition, key, value, headers, compression };
  return new Promise<RecordMetadata>((resolve, reject) => {
    const parcel = new AwaitedRecord(record, timeoutMs, resolve, reject);
    const refused = link.sender.offer(parcel);
    if (refused) parcel.failed(refused);
  });
}

/** A record whose place in the log somebody waits for, for so long. Events are many: it is all that one costs here. */
class AwaitedRecord implements Parcel {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
  readonly expiresAt: number;
  withdrawn = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly record: OutgoingRecord,
    timeoutMs: number,
    private readonly resolve: (metadata: RecordMetadata) => void,
    private readonly reject: (error: ParleyException) => void,
  ) {
    this.topic = record.topic;
    this.partition = record.partition;
    this.bytes = recordBytes(record);
    this.expiresAt = performance.now() + timeoutMs;
    this.timer = setTimeout(expire, timeoutMs, this, timeoutMs);
  }

  seal(): OutgoingRecord {
    return this.record;
  }

  delivered(offset: number): void {
    clearTimeout(this.timer);
    this.resolve({ topic: this.topic, partition: this.partition, offset });
  }

  failed(status: Status): void {
    clearTimeout(this.timer);
    this.reject(ParleyException.of(status));
  }

  expire(timeoutMs: number): void {
    this.withdrawn = true;
    this.reject(
      new ParleyException(
        'DEADLINE_EXCEEDED',
        `no broker acknowledged the record for ${this.topic} within ${timeoutMs} ms; it may still arrive`,
      ),
    );
  }
}

function expire(record: AwaitedRecord, timeoutMs: number): void {
  record.expire(timeoutMs);
}
