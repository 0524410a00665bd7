import type { Assignment, CommitOffset } from '../driver.js';
import { keyOf } from './position.js';

type TopicPartition = { topic: string; partition: number };

/** The partitions that this member holds, each under an epoch. Epochs grow from 1 and are never used twice. */
export class HeldPartitions {
  private readonly held = new Map<string, Assignment>();
  private epoch = 0;

  /** What is held and not among these. */
  without(partitions: readonly TopicPartition[]): Assignment[] {
    const kept = new Set(partitions.map(keyOf));
    return [...this.held.values()].filter(entry => !kept.has(keyOf(entry)));
  }

  /** Holds a partition under a new epoch, in place of the one it was held under. */
  hold(assignment: Omit<Assignment, 'epoch'>): Assignment {
    const held = { ...assignment, epoch: ++this.epoch };
    this.held.set(keyOf(held), held);
    return held;
  }

  release(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      if (this.covers(assignment)) this.held.delete(keyOf(assignment));
    }
  }

  /** Gives everything up: others may have read it by the time it is held again. */
  drop(): Assignment[] {
    const dropped = [...this.held.values()];
    this.held.clear();
    return dropped;
  }

  has(partition: TopicPartition): boolean {
    return this.held.has(keyOf(partition));
  }

  get(partition: TopicPartition): Assignment | undefined {
    return this.held.get(keyOf(partition));
  }

  /** Whether the offset belongs to the epoch under which its partition is held now. */
  covers(offset: Pick<CommitOffset, 'topic' | 'partition' | 'epoch'>): boolean {
    return this.held.get(keyOf(offset))?.epoch === offset.epoch;
  }

  /** By topic. */
  owned(): Record<string, number[]> {
    const owned: Record<string, number[]> = {};
    for (const { topic, partition } of this.held.values()) (owned[topic] ??= []).push(partition);
    return owned;
  }
}
