import { ErrorCode } from '../protocol/errors.js';
import { array, int16, int32, nullableString, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { groupRefusal } from './refusal.js';

/**
 * LeaveGroup: versions 0 to 4.
 * 1: throttle time. 3: many members at once, static ones by their instance id. 4: flexible.
 */
export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 4],
  flexibleSince: 4,
  request: {
    groupId: string(),
    memberId: string({ until: 2 }),
    members: array({ memberId: string(), groupInstanceId: nullableString() }, { since: 3 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, default: 0 }),
    errorCode: int16({ default: 0 }),
    members: array(
      { memberId: string(), groupInstanceId: nullableString(), errorCode: int16() },
      { since: 3, default: [] },
    ),
  },

  handle({ groupId, memberId, members }, context) {
    const refused = groupRefusal(context, 'Read', groupId);
    if (refused) return refused;
    const group = context.cluster.groups.get(groupId);
    const leave = (id: string, instanceId: string | null) =>
      group?.leave(id, instanceId) ?? ErrorCode.UNKNOWN_MEMBER_ID;
    if (context.version < 3) return { errorCode: leave(memberId, null) };
    return {
      members: members.map(member => ({
        ...member,
        errorCode: leave(member.memberId, member.groupInstanceId),
      })),
    };
  },

  refuse: (_, errorCode) => ({ errorCode }),
});
