import type { Assignment, CommitOffset } from '../driver.js';
import type { TopicPartitions } from '../protocol/consumer-protocol.js';

type TopicPartition = { topic: string; partition: number };

interface Held extends Assignment {
  /** Another member is to have it: it is no longer read, and held only until its last commit. */
  leaving: boolean;
  /** The last commit asked for: one that has to be repeated must not undo a later one. */
  commit: number;
}

/**
 * The partitions that this member holds, each under an epoch. Epochs grow from 1 and are never used twice.
 */
export class Holdings {
  private readonly held = new Map<string, Held>();
  private epoch = 0;
  private commits = 0;

  /** What a new share takes away, and what it adds. What it takes away is held until it is released. */
  compare(share: TopicPartitions): { leaving: Assignment[]; coming: TopicPartition[] } {
    const wanted = Object.entries(share).flatMap(([topic, partitions]) =>
      partitions.map(partition => ({ topic, partition })),
    );
    const keys = new Set(wanted.map(keyOf));
    const gone = [...this.held.values()].filter(held => !keys.has(keyOf(held)));
    for (const held of gone) held.leaving = true;
    return { leaving: gone.map(asAssignment), coming: wanted.filter(entry => !this.held.has(keyOf(entry))) };
  }

  /** Holds a partition under a new epoch. */
  hold({ topic, partition }: TopicPartition, committed?: Assignment['committed']): Assignment {
    const held: Held = { topic, partition, epoch: ++this.epoch, leaving: false, commit: 0 };
    if (committed) held.committed = committed;
    this.held.set(keyOf(held), held);
    return asAssignment(held);
  }

  /** Gives up what is still held under these epochs. */
  release(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) if (this.covers(assignment)) this.held.delete(keyOf(assignment));
  }

  /** Gives everything up: others may have read it by the time it is held again. */
  drop(): Assignment[] {
    const dropped = [...this.held.values()].filter(({ leaving }) => !leaving).map(asAssignment);
    this.held.clear();
    return dropped;
  }

  get(partition: TopicPartition): Assignment | undefined {
    return this.held.get(keyOf(partition));
  }

  /** Whether the offset belongs to the epoch under which its partition is held now. */
  covers(offset: Pick<CommitOffset, 'topic' | 'partition' | 'epoch'>): boolean {
    return this.held.get(keyOf(offset))?.epoch === offset.epoch;
  }

  /** Notes a commit; returns which of its offsets still are to be committed, whenever that is asked. */
  committing(offsets: readonly CommitOffset[]): () => CommitOffset[] {
    const commit = ++this.commits;
    for (const offset of offsets) {
      const held = this.held.get(keyOf(offset));
      if (held?.epoch === offset.epoch) held.commit = commit;
    }
    return () =>
      offsets.filter(offset => this.covers(offset) && this.held.get(keyOf(offset))?.commit === commit);
  }

  /** What is read, by topic. */
  owned(): TopicPartitions {
    const owned: TopicPartitions = {};
    for (const { topic, partition, leaving } of this.held.values()) {
      if (!leaving) (owned[topic] ??= []).push(partition);
    }
    return owned;
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}

function asAssignment({ topic, partition, epoch, committed }: Assignment): Assignment {
  return { topic, partition, epoch, ...(committed && { committed }) };
}
