import { ErrorCode } from '../protocol/errors.js';
import { array, bytes, int16, int32, nullableString, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { groupRefusal } from './refusal.js';

/**
 * JoinGroup: versions 0 to 6.
 * 1: rebalance timeout. 2: throttle time. 4: a new member is first told its id. 5: static members. 6: flexible.
 */
const request = {
  groupId: string(),
  sessionTimeoutMs: int32(),
  rebalanceTimeoutMs: int32({ since: 1, default: -1 }),
  memberId: string(),
  groupInstanceId: nullableString({ since: 5 }),
  protocolType: string(),
  protocols: array({ name: string(), metadata: bytes() }),
};

const response = {
  throttleTimeMs: int32({ since: 2, default: 0 }),
  errorCode: int16({ default: 0 }),
  generationId: int32({ default: -1 }),
  protocolName: string({ default: '' }),
  leader: string({ default: '' }),
  memberId: string({ default: '' }),
  members: array(
    { memberId: string(), groupInstanceId: nullableString({ since: 5 }), metadata: bytes() },
    { default: [] },
  ),
};

export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 6],
  flexibleSince: 6,
  request,
  response,

  handle(asked, context) {
    const { cluster, clientId, clientHost, version } = context;
    const { groupId, memberId, sessionTimeoutMs } = asked;
    const refused = groupRefusal(context, 'Read', groupId);
    if (refused) return refused;
    if (!cluster.groups.acceptsSession(sessionTimeoutMs)) return ErrorCode.INVALID_SESSION_TIMEOUT;
    if (memberId !== '' && !cluster.groups.get(groupId)) return ErrorCode.UNKNOWN_MEMBER_ID;

    return cluster.groups.getOrCreate(groupId).join({
      ...asked,
      rebalanceTimeoutMs: asked.rebalanceTimeoutMs === -1 ? sessionTimeoutMs : asked.rebalanceTimeoutMs,
      clientId,
      clientHost,
      requireKnownId: version >= 4,
    });
  },

  refuse: ({ memberId }, errorCode) => ({ errorCode, memberId }),
});
