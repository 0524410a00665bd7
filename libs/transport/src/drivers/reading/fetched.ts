import type { ReceivedRecord } from '../driver.js';
import { NO_ERROR } from '../errors.js';
import type { Flight } from './flights.js';
import { batchHeaders, isCompressed, readBatches } from '../protocol/batch-reader.js';
import type { BatchHeader } from '../protocol/batch-reader.js';
import type { FetchedPartition } from '../protocol/fetch.js';
import type { ReadPosition, ReadPositions } from './read-positions.js';

/** The plain bytes of a compressed batch's records. `codec` is Kafka's number of it. Rejects where there is no such codec. */
export type Decompress = (codec: number, bytes: Buffer) => Promise<Buffer>;

/** What one fetch brought of one partition. */
export interface Fetched {
  readonly part: FetchedPartition;
  readonly position: ReadPosition;
  readonly bytes: Buffer;
  readonly headers: BatchHeader[];
  /** The offset that was asked for. */
  readonly from: number;
  /** The offset after all that was brought. */
  readonly to: number;
}

/** Moves the positions past what was fetched, as far as the batches' headers tell; `onEmpty`: of which there was none. */
export function advance(
  positions: ReadPositions,
  flight: Flight,
  parts: readonly FetchedPartition[],
  onEmpty?: (position: ReadPosition) => void,
): Fetched[] {
  const fetched: Fetched[] = [];
  for (const part of parts) {
    const position = positions.get(part);
    if (position?.flight !== flight || position.leader !== flight.leader) continue;
    if (part.errorCode !== NO_ERROR) {
      positions.refuse(position, part.errorCode);
      continue;
    }
    positions.serve(position);
    const bytes = part.records;
    const headers = bytes ? batchHeaders(bytes) : [];
    const last = headers.at(-1);
    if (!bytes || !last) {
      onEmpty?.(position);
      continue;
    }
    const from = position.offset;
    const to = Math.max(from, last.lastOffset + 1);
    fetched.push({ part, position, bytes, headers, from, to });
    position.offset = to;
    position.logEpoch = last.leaderEpoch;
    positions.rotate(position);
  }
  return fetched;
}

/** Whether reading the records takes turns of the loop. */
export function takesTurns({ headers }: Fetched): boolean {
  return headers.some(isCompressed);
}

/** A promise only where `takesTurns`. */
export function recordsOf(
  { part, bytes, headers, from }: Fetched,
  reading: { decompress: Decompress; onUnreadable: (error: Error) => void },
): ReceivedRecord[] | Promise<ReceivedRecord[]> {
  const { topic, partition, aborted } = part;
  return readBatches({ topic, partition, aborted, bytes, from }, headers, reading);
}
