export interface CommittedOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
}

/** What a group has committed, by topic and partition. */
export class GroupOffsets {
  private readonly topics = new Map<string, Map<number, CommittedOffset>>();

  get isEmpty(): boolean {
    return this.topics.size === 0;
  }

  commit(topic: string, partition: number, committed: CommittedOffset): void {
    let partitions = this.topics.get(topic);
    if (!partitions) this.topics.set(topic, (partitions = new Map()));
    partitions.set(partition, committed);
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.topics.get(topic)?.get(partition);
  }

  entries(): { topic: string; partitions: number[] }[] {
    return [...this.topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions.keys()] }));
  }

  forgetTopic(topic: string): void {
    this.topics.delete(topic);
  }
}
