import { ErrorCode } from '../protocol/errors.js';
import { array, bytes, int16, int32, nullableString, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { groupRefusal } from './refusal.js';

/**
 * SyncGroup: versions 0 to 4.
 * 1: throttle time. 3: static members. 4: flexible.
 */
export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 4],
  flexibleSince: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: nullableString({ since: 3 }),
    assignments: array({ memberId: string(), assignment: bytes() }),
  },
  response: {
    throttleTimeMs: int32({ since: 1, default: 0 }),
    errorCode: int16(),
    assignment: bytes({ default: Buffer.alloc(0) }),
  },

  handle(asked, context) {
    const refused = groupRefusal(context, 'Read', asked.groupId);
    if (refused) return refused;
    const group = context.cluster.groups.get(asked.groupId);
    return group?.sync(asked) ?? ErrorCode.UNKNOWN_MEMBER_ID;
  },

  refuse: (_, errorCode) => ({ errorCode }),
});
