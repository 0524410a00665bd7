import { ErrorCode } from '../protocol/errors.js';
import { int16, int32, nullableString, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { groupRefusal } from './refusal.js';

/**
 * Heartbeat: versions 0 to 4.
 * 1: throttle time. 3: static members. 4: flexible.
 */
export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleSince: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: nullableString({ since: 3 }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, default: 0 }),
    errorCode: int16(),
  },

  handle({ groupId, generationId, memberId, groupInstanceId }, context) {
    const refused = groupRefusal(context, 'Read', groupId);
    if (refused) return refused;
    const group = context.cluster.groups.get(groupId);
    return {
      errorCode: group?.heartbeat(memberId, groupInstanceId, generationId) ?? ErrorCode.UNKNOWN_MEMBER_ID,
    };
  },

  refuse: (_, errorCode) => ({ errorCode }),
});
