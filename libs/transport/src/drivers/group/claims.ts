import type { GroupAssignment, GroupMember } from './assigner.js';
import type { MemberSubscription } from '../protocol/consumer-protocol.js';

type Claimant = MemberSubscription & { memberId: string };

/**
 * The members with what they own. Where two claim one partition, the one that got it in the later generation has
 * it: the other was away when it moved.
 */
export function claimsOf(claimants: readonly Claimant[]): GroupMember[] {
  const owners = new Map<string, Claimant>();
  for (const claimant of claimants) {
    for (const [topic, partitions] of Object.entries(claimant.owned)) {
      for (const partition of partitions) {
        const key = keyOf(topic, partition);
        const other = owners.get(key);
        if (!other || other.generation < claimant.generation) owners.set(key, claimant);
      }
    }
  }
  return claimants.map(claimant => ({
    memberId: claimant.memberId,
    topics: claimant.topics,
    owned: Object.fromEntries(
      Object.entries(claimant.owned).map(([topic, partitions]) => [
        topic,
        partitions.filter(partition => owners.get(keyOf(topic, partition)) === claimant),
      ]),
    ),
  }));
}

/**
 * Takes out of an assignment what another member still reads. That member gives it up and joins again, and the
 * partition goes to its new reader then, after the last commit of the old (cooperative rebalancing, KIP-429).
 */
export function withhold(assignment: GroupAssignment, claimants: readonly GroupMember[]): GroupAssignment {
  const owners = new Map<string, string>();
  for (const { memberId, owned = {} } of claimants) {
    for (const [topic, partitions] of Object.entries(owned)) {
      for (const partition of partitions) owners.set(keyOf(topic, partition), memberId);
    }
  }
  const dealt: GroupAssignment = new Map();
  for (const [memberId, share] of assignment) {
    const free = Object.entries(share).map(
      ([topic, partitions]) =>
        [
          topic,
          partitions.filter(partition => (owners.get(keyOf(topic, partition)) ?? memberId) === memberId),
        ] as const,
    );
    dealt.set(memberId, Object.fromEntries(free.filter(([, partitions]) => partitions.length > 0)));
  }
  return dealt;
}

function keyOf(topic: string, partition: number): string {
  return `${partition}:${topic}`;
}
