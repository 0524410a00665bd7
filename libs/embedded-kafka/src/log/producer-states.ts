import { ErrorCode, KafkaError } from '../protocol/errors.js';
import type { RecordBatch } from './record-batch.js';

/** How many of a producer's last batches are known again when they come twice; as in Kafka. */
export const DUPLICATE_WINDOW = 5;

/** Producers remembered per partition; the one that has been silent longest is forgotten first. */
const MAX_PRODUCERS = 10_000;

interface Remembered {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly timestamp: number;
}

interface ProducerState {
  readonly epoch: number;
  readonly batches: readonly Remembered[];
}

/** Where a batch went that had been appended before. */
export type Duplicate = Pick<Remembered, 'baseOffset' | 'timestamp'>;

function after(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31;
}

/** What one partition knows of its idempotent producers: their epochs and their last batches. */
export class ProducerStates {
  private readonly producers = new Map<number, ProducerState>();

  /**
   * Decides on a batch before it is appended: undefined to append it, or where it already is.
   * @throws KafkaError INVALID_PRODUCER_EPOCH for a fenced producer, OUT_OF_ORDER_SEQUENCE_NUMBER after a gap
   */
  check(batch: RecordBatch): Duplicate | undefined {
    const known = this.producers.get(batch.producerId);
    if (batch.producerId < 0 || !known) return undefined;
    if (batch.producerEpoch < known.epoch)
      throw new KafkaError(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `producer ${batch.producerId} has epoch ${known.epoch}, the batch has ${batch.producerEpoch}`,
      );

    if (batch.producerEpoch > known.epoch) {
      if (batch.baseSequence !== 0)
        throw new KafkaError(
          ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
          `a new epoch starts at sequence 0, not ${batch.baseSequence}`,
        );
      return undefined;
    }

    const last = after(batch.baseSequence, batch.lastOffsetDelta);
    const duplicate = known.batches.find(
      ({ firstSequence, lastSequence }) => firstSequence === batch.baseSequence && lastSequence === last,
    );
    if (duplicate) return duplicate;

    const expected = after(known.batches.at(-1)?.lastSequence ?? -1, 1);
    if (batch.baseSequence !== expected)
      throw new KafkaError(
        ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
        `producer ${batch.producerId} must go on with sequence ${expected}, not ${batch.baseSequence}`,
      );
    return undefined;
  }

  /** Remembers a batch that was appended. */
  record(batch: RecordBatch): void {
    const { producerId, producerEpoch: epoch, baseSequence, lastOffsetDelta, baseOffset } = batch;
    if (producerId < 0) return;
    const known = this.producers.get(producerId);
    const earlier = known?.epoch === epoch ? known.batches.slice(1 - DUPLICATE_WINDOW) : [];
    const appended: Remembered = {
      firstSequence: baseSequence,
      lastSequence: after(baseSequence, lastOffsetDelta),
      baseOffset,
      timestamp: batch.maxTimestamp,
    };
    this.producers.delete(producerId);
    this.producers.set(producerId, { epoch, batches: [...earlier, appended] });
    if (this.producers.size > MAX_PRODUCERS)
      for (const oldest of this.producers.keys()) {
        this.producers.delete(oldest);
        break;
      }
  }
}
