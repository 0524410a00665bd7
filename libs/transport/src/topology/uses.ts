export type TopicKind = 'calls' | 'inbox' | 'event' | 'retry' | 'dead' | 'reply';

/** Whether a name is one topic's or group's, or what the names of several begin with. */
export type Match = 'literal' | 'prefixed';

/** What a service does with a topic. Where it reads or writes it, why. */
export interface TopicUse {
  topic: string;
  match: Match;
  kind: TopicKind;
  reads?: string;
  writes?: string;
  /** It makes the topic where it is missing, unless `provision` keeps it from that. */
  makes: boolean;
  /** It adds partitions to the topic where its options ask for more than there are. */
  grows: boolean;
}

/** What a service does with a consumer group. */
export interface GroupUse {
  group: string;
  match: Match;
  /** Why it joins. */
  joins?: string;
  /** Why it only asks about it. */
  asks?: string;
  /** What members of the group read. */
  topics: readonly string[];
}

/** The topics and groups of one service. */
export interface Topology {
  topics: readonly TopicUse[];
  groups: readonly GroupUse[];
}

/** Uses by what is used: a service may do several things with one topic. */
export class Uses {
  private readonly byTopic = new Map<string, TopicUse>();
  private readonly byGroup = new Map<string, GroupUse>();

  listed(): Topology {
    return { topics: [...this.byTopic.values()], groups: [...this.byGroup.values()] };
  }

  topic(topic: string, kind: TopicKind, use: Partial<Omit<TopicUse, 'topic' | 'kind'>>): void {
    const { match = 'literal' } = use;
    const key = `${match} ${topic}`;
    const before = this.byTopic.get(key);
    this.byTopic.set(key, {
      ...before,
      ...use,
      topic,
      match,
      kind,
      makes: (before?.makes ?? false) || (use.makes ?? false),
      grows: (before?.grows ?? false) || (use.grows ?? false),
    });
  }

  group(group: string, topics: readonly string[], use: Partial<Omit<GroupUse, 'group' | 'topics'>>): void {
    const before = this.byGroup.get(group);
    const all = new Set([...(before?.topics ?? []), ...topics]);
    this.byGroup.set(group, { match: 'literal', ...before, ...use, group, topics: [...all] });
  }
}
