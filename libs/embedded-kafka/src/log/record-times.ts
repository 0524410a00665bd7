import type { RecordBatch } from './record-batch.js';
import { recordsIn } from './records.js';

/**
 * The first record of a batch that is no older than `timestamp`; where the records are not looked into, the batch's
 * first.
 */
export function recordAt(batch: RecordBatch, timestamp: number): { offset: number; timestamp: number } {
  const first = { offset: batch.baseOffset, timestamp: batch.maxTimestamp };
  if (batch.stampedByLog) return first;
  for (const record of recordsIn(batch))
    if (record.timestamp >= timestamp) return { offset: record.offset, timestamp: record.timestamp };
  return first;
}
