import { assignPartitions } from './assigner.js';
import { claimsOf, withhold } from './claims.js';
import type { Cluster } from '../cluster/cluster.js';
import { decodeSubscription, encodeAssignment } from '../protocol/consumer-protocol.js';
import type { JoinAnswer, MemberShare } from '../protocol/group-membership.js';
import { leadersOf } from '../cluster/topic-leaders.js';

/** How often topics are looked at for partitions that they gained. */
const LOOK_EVERY_MS = 10_000;
/** The same while one is not known: it may be made at any moment, or the broker asked may not have heard of it. */
const LOOK_FOR_UNKNOWN_EVERY_MS = 1_000;

/** What the member that leads the group does for all: it deals out the partitions and notices new ones. */
export class GroupLeader {
  private partitionsOf: ReadonlyMap<string, readonly number[]> = new Map();

  constructor(
    private readonly cluster: Pick<Cluster, 'metadata'>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Everybody's share of the topics that anybody subscribed to, which need not be those of this member. */
  async assign(members: JoinAnswer['members']): Promise<MemberShare[]> {
    const subscriptions = members.map(({ memberId, metadata }) => ({
      memberId,
      ...decodeSubscription(metadata),
    }));
    const claimants = claimsOf(subscriptions);
    const partitionsOf = await this.look([...new Set(subscriptions.flatMap(({ topics }) => topics))]);
    for (const [topic, partitions] of partitionsOf) {
      // A broker that has just started may not know a topic yet: who reads it reads on.
      if (partitions.length === 0) partitions.push(...claimants.flatMap(({ owned }) => owned?.[topic] ?? []));
    }
    this.partitionsOf = partitionsOf;
    const dealt = withhold(assignPartitions(claimants, this.partitionsOf), claimants);
    return [...dealt].map(([memberId, share]) => ({ memberId, assignment: encodeAssignment(share) }));
  }

  /** How often to ask whether topics grew, after partitions were dealt out. */
  get lookEveryMs(): number {
    const isAnyUnknown = [...this.partitionsOf.values()].some(partitions => partitions.length === 0);
    return isAnyUnknown ? LOOK_FOR_UNKNOWN_EVERY_MS : LOOK_EVERY_MS;
  }

  /** Whether topics have more partitions than those last dealt out. */
  async topicsGrew(): Promise<boolean> {
    const found = await this.look([...this.partitionsOf.keys()]);
    return [...this.partitionsOf].some(([topic, { length }]) => (found.get(topic)?.length ?? 0) > length);
  }

  private async look(topics: readonly string[]): Promise<Map<string, number[]>> {
    const answer = topics.length > 0 ? await this.cluster.metadata(topics) : { topics: [] };
    const partitionsOf = new Map<string, number[]>(topics.map(topic => [topic, []]));
    for (const found of answer.topics) {
      try {
        partitionsOf.set(
          found.topic,
          leadersOf(found).map(({ partition }) => partition),
        );
      } catch (error) {
        this.onError(error); // a topic that only another member reads must not keep this one from its own
      }
    }
    return partitionsOf;
  }
}
