import { assignPartitions } from '../kafkajs/assigner.js';
import type { GroupAssignment, GroupMember } from '../kafkajs/assigner.js';

export interface GroupPlan {
  assignment: GroupAssignment;
  /** Whether something was held back that another member still reads. */
  withheld: boolean;
}

/**
 * Who reads what in a new generation. A partition that another member still owns goes to nobody: its owner gives
 * it up, has its last commit made, and joins again; then it is dealt out.
 */
export function planGroup(
  members: readonly GroupMember[],
  partitionsOf: ReadonlyMap<string, readonly number[]>,
): GroupPlan {
  const wanted = assignPartitions(members, partitionsOf);
  const owners = new Map<string, string[]>();
  for (const { memberId, owned = {} } of members) {
    for (const [topic, partitions] of Object.entries(owned)) {
      for (const partition of new Set(partitions)) {
        const key = `${partition}:${topic}`;
        owners.set(key, [...(owners.get(key) ?? []), memberId]);
      }
    }
  }
  let withheld = false;
  const assignment: GroupAssignment = new Map();
  for (const [memberId, topics] of wanted) {
    const given: Record<string, number[]> = {};
    for (const [topic, partitions] of Object.entries(topics)) {
      const free = partitions.filter(partition =>
        (owners.get(`${partition}:${topic}`) ?? []).every(owner => owner === memberId),
      );
      if (free.length < partitions.length) withheld = true;
      if (free.length > 0) given[topic] = free;
    }
    assignment.set(memberId, given);
  }
  return { assignment, withheld };
}
