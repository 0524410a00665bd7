import {
  CLUSTER_AUTHORIZATION_FAILED,
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  FENCED_INSTANCE_ID,
  GROUP_AUTHORIZATION_FAILED,
  ILLEGAL_GENERATION,
  MEMBER_ID_REQUIRED,
  NOT_COORDINATOR,
  REBALANCE_IN_PROGRESS,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_MEMBER_ID,
} from '../errors.js';

/**
 * `rebalancing`: of the group still, and called to join again, which it does once what it lost is given up.
 * `failed`: refused for a reason that lasts.
 */
export type Phase = 'unjoined' | 'joining' | 'syncing' | 'stable' | 'rebalancing' | 'leaving' | 'failed';

/** Where a member stands with its group. */
export interface Membership {
  readonly phase: Phase;
  /** Empty until the coordinator has given one. */
  readonly memberId: string;
  /** The last generation the member was of; -1 for none. Commits count under it unless the member is syncing. */
  readonly generation: number;
  readonly leads: boolean;
}

export const UNJOINED: Membership = { phase: 'unjoined', memberId: '', generation: -1, leads: false };

/**
 * What a refusal asks of the member. `join`: again, keeping what it holds. `lost`: others may hold it all by now,
 * join anew. `find`: the coordinator is elsewhere or not ready. `retry`: the same once more, later. `fail`: no
 * retry helps.
 */
export type Verdict = 'join' | 'lost' | 'find' | 'retry' | 'fail';

/** A join request goes out. */
export function join(membership: Membership): Membership {
  return over(membership) ? membership : { ...membership, phase: 'joining' };
}

/** The coordinator has begun a generation with this member. */
export function joined(
  membership: Membership,
  answer: { memberId: string; generation: number; leaderId: string },
): Membership {
  if (membership.phase !== 'joining') return membership;
  const { memberId, generation, leaderId } = answer;
  return { phase: 'syncing', memberId, generation, leads: leaderId === memberId };
}

/** The member has its share. */
export function synced(membership: Membership): Membership {
  return membership.phase === 'syncing' ? { ...membership, phase: 'stable' } : membership;
}

/** The member knows by itself that it must join again: it gave partitions up, or leads and topics have grown. */
export function recall(membership: Membership): Membership {
  return membership.phase === 'stable' ? { ...membership, phase: 'rebalancing' } : membership;
}

export function leave(membership: Membership): Membership {
  return { ...membership, phase: 'leaving' };
}

/** A join, sync or heartbeat was answered with an error. `memberId` is the one that came with it, if any. */
export function refused(
  membership: Membership,
  code: number,
  memberId = '',
): { membership: Membership; verdict: Verdict } {
  if (over(membership)) return { membership, verdict: 'fail' };
  switch (code) {
    case MEMBER_ID_REQUIRED:
      return { membership: { ...UNJOINED, memberId }, verdict: 'join' };
    case REBALANCE_IN_PROGRESS:
      return { membership: { ...membership, phase: 'rebalancing' }, verdict: 'join' };
    case UNKNOWN_MEMBER_ID:
      return { membership: UNJOINED, verdict: 'lost' };
    case ILLEGAL_GENERATION: // a generation has passed without this member, which keeps its name
      return { membership: { ...UNJOINED, memberId: membership.memberId }, verdict: 'lost' };
    case COORDINATOR_LOAD_IN_PROGRESS:
    case COORDINATOR_NOT_AVAILABLE:
    case NOT_COORDINATOR:
      return { membership, verdict: 'find' };
    case FENCED_INSTANCE_ID:
    case TOPIC_AUTHORIZATION_FAILED:
    case GROUP_AUTHORIZATION_FAILED:
    case CLUSTER_AUTHORIZATION_FAILED:
      return { membership: { ...UNJOINED, phase: 'failed' }, verdict: 'fail' };
    default:
      return { membership, verdict: 'retry' };
  }
}

function over({ phase }: Membership): boolean {
  return phase === 'leaving' || phase === 'failed';
}
