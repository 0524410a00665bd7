import { APIS } from './api.js';
import type { ApiRequest } from './api.js';

/** How a member names itself to the coordinator, which refuses whoever is not of the current generation. */
export interface MemberIdentity {
  memberId: string;
  generation: number;
  instanceId: string | null;
}

export interface JoinRequest {
  group: string;
  /** Empty for a member that has none yet. */
  memberId: string;
  instanceId: string | null;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  /** The assigners that this member offers, the best first: one that all members offer is taken. */
  assigners: readonly string[];
  /** What this member tells the assigner. */
  metadata: Buffer;
}

export interface JoinAnswer {
  errorCode: number;
  generation: number;
  assigner: string;
  leaderId: string;
  memberId: string;
  /** Everybody, for the leader; nobody, for the others. */
  members: { memberId: string; metadata: Buffer }[];
}

const CONSUMER = 'consumer';
const NOTHING = Buffer.alloc(0);

/** Answered once all members have joined, or the rebalance time-out has passed. */
export function joinGroupRequest(join: JoinRequest): ApiRequest<JoinAnswer> {
  return {
    api: APIS.joinGroup,
    write(body) {
      body
        .string(join.group)
        .int32(join.sessionTimeoutMs)
        .int32(join.rebalanceTimeoutMs)
        .string(join.memberId)
        .string(join.instanceId)
        .string(CONSUMER)
        .array(join.assigners, (writer, assigner) => writer.string(assigner).bytes(join.metadata));
    },
    read(body) {
      body.int32(); // throttle time
      const errorCode = body.int16();
      const generation = body.int32();
      const assigner = body.string();
      const leaderId = body.string();
      const memberId = body.string();
      const members = body.array(reader => {
        const id = reader.string();
        reader.nullableString(); // static instance
        return { memberId: id, metadata: reader.nullableBytes() ?? NOTHING };
      });
      return { errorCode, generation, assigner, leaderId, memberId, members };
    },
  };
}

export interface MemberShare {
  memberId: string;
  assignment: Buffer;
}

/** Answered once the leader has sent everybody's share; other members send none. */
export function syncGroupRequest(
  group: string,
  { memberId, generation, instanceId }: MemberIdentity,
  shares: readonly MemberShare[],
): ApiRequest<{ errorCode: number; assignment: Buffer }> {
  return {
    api: APIS.syncGroup,
    write(body) {
      body
        .string(group)
        .int32(generation)
        .string(memberId)
        .string(instanceId)
        .array(shares, (writer, share) => writer.string(share.memberId).bytes(share.assignment));
    },
    read(body) {
      body.int32(); // throttle time
      return { errorCode: body.int16(), assignment: body.nullableBytes() ?? NOTHING };
    },
  };
}

export function heartbeatRequest(
  group: string,
  { memberId, generation, instanceId }: MemberIdentity,
): ApiRequest<number> {
  return {
    api: APIS.heartbeat,
    write(body) {
      body.string(group).int32(generation).string(memberId).string(instanceId);
    },
    read(body) {
      body.int32(); // throttle time
      return body.int16();
    },
  };
}

export function leaveGroupRequest(group: string, memberId: string): ApiRequest<number> {
  return {
    api: APIS.leaveGroup,
    write(body) {
      body.string(group).array([memberId], (writer, id) => writer.string(id).string(null));
    },
    read(body) {
      body.int32(); // throttle time
      return body.int16();
    },
  };
}
