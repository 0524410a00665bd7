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
 * `timeoutMs`. Records of a topic leave in the order of the calls. A link that is closed meanwhile sends it first.
 */
export function sendRecord(
  link: Link,
  spec: TopicSpec,
  unplaced: UnplacedRecord,
  timeoutMs: number,
): Promise<RecordMetadata> {
  return new Promise<RecordMetadata>((resolve, reject) => {
    const record = new AwaitedRecord(spec, unplaced, timeoutMs, resolve, reject);
    const { departures } = link;
    const departs = departures.begin();
    link.placements.place(
      spec.topic,
      partitionOf(link, record, timeoutMs),
      partition => {
        if (departs) departures.end();
        record.send(link, partition);
      },
      error => {
        if (departs) departures.end();
        record.unplaced(error);
      },
    );
  });
}

async function partitionOf(link: Link, record: AwaitedRecord, timeoutMs: number): Promise<number> {
  if (!link.isOpen) {
    record.opening = true;
    await link.open(timeoutMs);
    record.opening = false;
  }
  return choosePartition(link, record.spec, record.key);
}

/** A record whose place in the log somebody waits for, for so long. Events are many: it is all that one costs here. */
class AwaitedRecord implements Parcel {
  readonly topic: string;
  partition = -1;
  readonly bytes: number;
  readonly expiresAt: number;
  withdrawn = false;
  /** The link opens for it, which says itself why it does not. */
  opening = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    readonly spec: TopicSpec,
    private readonly record: UnplacedRecord,
    private readonly timeoutMs: number,
    private readonly resolve: (metadata: RecordMetadata) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.topic = spec.topic;
    this.bytes = recordBytes(record);
    this.expiresAt = performance.now() + timeoutMs;
    this.timer = setTimeout(expire, timeoutMs, this);
  }

  get key(): Buffer | null {
    return this.record.key;
  }

  send(link: Link, partition: number): void {
    if (this.withdrawn) {
      this.late();
      return;
    }
    this.partition = partition;
    try {
      const refused = link.sender.offer(this);
      if (refused) this.failed(refused);
    } catch (error) {
      this.unplaced(error); // the link was closed meanwhile
    }
  }

  /** Nobody knows where it is to go. */
  unplaced(error: unknown): void {
    clearTimeout(this.timer);
    this.reject(error);
  }

  seal(): OutgoingRecord {
    const { topic, partition, spec } = this;
    const { key, value, headers } = this.record;
    return { topic, partition, key, value, headers, compression: spec.compression };
  }

  delivered(offset: number): void {
    clearTimeout(this.timer);
    this.resolve({ topic: this.topic, partition: this.partition, offset });
  }

  failed(status: Status): void {
    clearTimeout(this.timer);
    this.reject(ParleyException.of(status));
  }

  expire(): void {
    this.withdrawn = true;
    if (!this.opening) this.late();
  }

  private late(): void {
    const { topic, timeoutMs } = this;
    const why =
      this.partition < 0
        ? `Kafka did not tell within ${timeoutMs} ms where the record for ${topic} goes: it was not sent`
        : `no broker acknowledged the record for ${topic} within ${timeoutMs} ms; it may still arrive`;
    this.reject(new ParleyException('DEADLINE_EXCEEDED', why));
  }
}

function expire(record: AwaitedRecord): void {
  record.expire();
}
