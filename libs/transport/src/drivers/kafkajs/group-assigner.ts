import { AssignerProtocol } from 'kafkajs';
import type { PartitionAssigner } from 'kafkajs';
import { assignPartitions } from './assigner.js';
import type { GroupMember } from './assigner.js';

const NAME = 'parley';
const VERSION = 0;

type Owned = Record<string, number[]>;

/**
 * The assigner that kafkajs's group leader runs. Unlike its round-robin it honours what each member subscribed
 * to, and members say what they own, so that a rebalance moves as little as it can.
 */
export function groupAssigner(owned: () => Owned, onError: (error: unknown) => void): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: VERSION,
        topics,
        userData: Buffer.from(JSON.stringify(owned())),
      }),
    }),
    assign: async ({ members }) => {
      const known = members.map(({ memberId, memberMetadata }) => readMember(memberId, memberMetadata));
      const partitionsOf = new Map<string, number[]>();
      for (const topic of new Set(known.flatMap(member => member.topics))) {
        try {
          await cluster.addTargetTopic(topic);
          const found = cluster.findTopicPartitionMetadata(topic);
          partitionsOf.set(
            topic,
            found.map(({ partitionId }) => partitionId).toSorted((a, b) => a - b),
          );
        } catch (error) {
          onError(error); // a topic that only another member reads must not keep this one from its own
        }
      }
      return [...assignPartitions(known, partitionsOf)].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment,
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

function readMember(memberId: string, metadata: Buffer): GroupMember {
  const decoded = AssignerProtocol.MemberMetadata.decode(metadata);
  return { memberId, topics: decoded?.topics ?? [], owned: readOwned(decoded?.userData) };
}

/** Other members wrote this: whatever does not look as it should counts as nothing owned. */
function readOwned(userData: Buffer | undefined): Owned {
  const owned: Owned = {};
  try {
    const parsed: unknown = JSON.parse(userData?.toString() ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return owned;
    for (const [topic, partitions] of Object.entries(parsed)) {
      if (Array.isArray(partitions)) owned[topic] = partitions.filter(Number.isInteger);
    }
  } catch {
    // not JSON: nothing owned
  }
  return owned;
}
