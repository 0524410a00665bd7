/** The groups in which one instance reads its topics, as spans and figures name them. */
export class ConsumerGroups {
  /** By topic: those that all instances share, and those that each has of its own. */
  private readonly shared = new Map<string, string>();
  private readonly own = new Map<string, string>();

  constructor(private readonly instance: string) {}

  /** Returns the group's name. */
  add(group: string, topics: readonly string[]): string {
    const name = this.nameOf(group);
    const groups = name === group ? this.shared : this.own;
    for (const topic of topics) groups.set(topic, name);
    return name;
  }

  /** An instance's own group has its id in its name, which is another one at each start: figures would be new ones too. */
  nameOf(group: string): string {
    return group.replace(this.instance, '*');
  }

  /** The group in which a topic is read; undefined where it is read without one. */
  of(topic: string, own = false): string | undefined {
    return (own ? this.own : this.shared).get(topic);
  }
}
