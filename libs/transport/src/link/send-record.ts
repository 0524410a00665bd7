import type { HeaderValue, TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { RecordParcel } from './parcel.js';
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

/** Sends one record; resolves once every in-sync replica has it. Rejects with a ParleyException within `timeoutMs`. */
export async function sendRecord(
  link: Link,
  spec: TopicSpec,
  record: UnplacedRecord,
  timeoutMs: number,
): Promise<RecordMetadata> {
  const { topic, compression } = spec;
  const partition = await choosePartition(link, spec, record.key);
  return new Promise<RecordMetadata>((resolve, reject) => {
    const parcel = new RecordParcel(
      { ...record, topic, partition, compression },
      performance.now() + timeoutMs,
      offset => {
        clearTimeout(timer);
        resolve({ topic, partition, offset });
      },
      status => {
        clearTimeout(timer);
        reject(ParleyException.of(status));
      },
    );
    const timer = setTimeout(() => {
      parcel.withdraw();
      reject(
        new ParleyException(
          'DEADLINE_EXCEEDED',
          `no broker acknowledged the record for ${topic} within ${timeoutMs} ms; it may still arrive`,
        ),
      );
    }, timeoutMs);
    const refused = link.sender.offer(parcel);
    if (refused) parcel.failed(refused);
  });
}
