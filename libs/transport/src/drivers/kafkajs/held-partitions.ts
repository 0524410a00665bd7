import type { Assignment, CommitOffset } from '../driver.js';

interface Held extends Assignment {
  /** The first offset taken in this epoch, and the one after the last; undefined until something was taken. */
  taken: { from: number; next: number } | undefined;
}

export interface AssignmentChange {
  revoked: Assignment[];
  assigned: Assignment[];
}

/**
 * The partitions that this member holds, each under an epoch, and what it took of them. Epochs grow from 1 and
 * are never used twice.
 */
export class HeldPartitions {
  private readonly held = new Map<string, Held>();
  private epoch = 0;

  /** The outcome of a join. Partitions that stay keep their epoch and what was taken. */
  replace(partitions: readonly { topic: string; partition: number }[]): AssignmentChange {
    const wanted = new Set(partitions.map(keyOf));
    const revoked: Assignment[] = [];
    for (const [key, held] of this.held) {
      if (wanted.has(key)) continue;
      this.held.delete(key);
      revoked.push(asAssignment(held));
    }
    const assigned = partitions.filter(entry => !this.held.has(keyOf(entry))).map(entry => this.hold(entry));
    return { revoked, assigned };
  }

  /** Gives everything up: others may have read it by the time it is held again. */
  drop(): Assignment[] {
    const revoked = [...this.held.values()].map(asAssignment);
    this.held.clear();
    return revoked;
  }

  /** Puts a partition under a new epoch. Undefined where it is not held. */
  renew(partition: { topic: string; partition: number }): AssignmentChange | undefined {
    const held = this.held.get(keyOf(partition));
    if (!held) return undefined;
    return { revoked: [asAssignment(held)], assigned: [this.hold(partition)] };
  }

  get(partition: { topic: string; partition: number }): Readonly<Held> | undefined {
    return this.held.get(keyOf(partition));
  }

  /** Notes that all offsets from `from` up to but not including `next` were handed on. */
  take(partition: { topic: string; partition: number }, from: number, next: number): void {
    const held = this.held.get(keyOf(partition));
    if (held) held.taken = { from: held.taken?.from ?? from, next };
  }

  /** Whether the offset belongs to the epoch under which its partition is held now. */
  covers({ topic, partition, epoch }: Pick<CommitOffset, 'topic' | 'partition' | 'epoch'>): boolean {
    return this.held.get(keyOf({ topic, partition }))?.epoch === epoch;
  }

  all(): readonly Readonly<Held>[] {
    return [...this.held.values()];
  }

  private hold({ topic, partition }: { topic: string; partition: number }): Assignment {
    const assignment = { topic, partition, epoch: ++this.epoch };
    this.held.set(keyOf(assignment), { ...assignment, taken: undefined });
    return assignment;
  }
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${partition}:${topic}`;
}

function asAssignment({ topic, partition, epoch }: Assignment): Assignment {
  return { topic, partition, epoch };
}
