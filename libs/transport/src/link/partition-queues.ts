import { PartitionQueue } from './partition-queue.js';

/** How often a partition that the cluster does not know is looked up again before its records fail. */
const UNKNOWN_PARTITION_TRIES = 4;
/**
 * How many such partitions are looked up again at a time: beyond that the first answer counts. A topic may be too new
 * for a broker to know; thousands at once are addresses that somebody has made up.
 */
const UNKNOWN_PARTITIONS_AWAITED = 64;

/** What waits, partition by partition. */
export class PartitionQueues {
  private readonly topics = new Map<string, Map<number, PartitionQueue>>();
  /** Partitions that the cluster did not know when it was asked last, and is to be asked for again. */
  private readonly unknown = new Set<PartitionQueue>();

  of(topic: string, partition: number): PartitionQueue {
    let ofTopic = this.topics.get(topic);
    if (!ofTopic) this.topics.set(topic, (ofTopic = new Map()));
    let queue = ofTopic.get(partition);
    if (!queue) ofTopic.set(partition, (queue = new PartitionQueue(topic, partition)));
    return queue;
  }

  *all(): Iterable<PartitionQueue> {
    for (const ofTopic of this.topics.values()) yield* ofTopic.values();
  }

  /** Whether a partition that the cluster does not know is worth another look. */
  mayBecomeKnown(queue: PartitionQueue): boolean {
    if (queue.attempts >= UNKNOWN_PARTITION_TRIES) return false;
    if (this.unknown.size >= UNKNOWN_PARTITIONS_AWAITED && !this.unknown.has(queue)) return false;
    this.unknown.add(queue);
    return true;
  }

  /** The cluster knows it, or could not be asked. */
  known(queue: PartitionQueue): void {
    this.unknown.delete(queue);
  }

  /** Partitions that lead nowhere may be any number: nothing of them stays. */
  forget(queue: PartitionQueue): void {
    this.unknown.delete(queue);
    if (queue.busy || queue.hasWaiting) return;
    const ofTopic = this.topics.get(queue.topic);
    ofTopic?.delete(queue.partition);
    if (ofTopic?.size === 0) this.topics.delete(queue.topic);
  }
}
