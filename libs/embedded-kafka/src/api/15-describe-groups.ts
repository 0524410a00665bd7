import type { Group } from '../group/group.js';
import { array, arrayOf, bool, bytes, int16, int32, nullableString, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { NOT_ASKED } from './authorized-operations.js';
import { groupRefusal } from './refusal.js';

/**
 * DescribeGroups: versions 0 to 5.
 * 1: throttle time. 3: authorized operations. 4: static members. 5: flexible.
 */
const request = {
  groups: arrayOf(string()),
  includeAuthorizedOperations: bool({ since: 3 }),
};

const response = {
  throttleTimeMs: int32({ since: 1, default: 0 }),
  groups: array({
    errorCode: int16({ default: 0 }),
    groupId: string(),
    groupState: string({ default: '' }),
    protocolType: string({ default: '' }),
    protocolData: string({ default: '' }),
    members: array(
      {
        memberId: string(),
        groupInstanceId: nullableString({ since: 4 }),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      },
      { default: [] },
    ),
    authorizedOperations: int32({ since: 3, default: NOT_ASKED }),
  }),
};

function describe(group: Group) {
  // Which assignor won, and what members told it, counts once the group has settled.
  const protocolData = group.state === 'Stable' ? group.protocolName : '';
  return {
    groupId: group.id,
    groupState: group.state,
    protocolType: group.protocolType,
    protocolData,
    members: [...group.members.values()].map(member => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: member.metadataFor(protocolData),
      memberAssignment: member.assignment,
    })),
  };
}

export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 5],
  flexibleSince: 5,
  request,
  response,

  handle: ({ groups }, context) => ({
    groups: groups.map(groupId => {
      const errorCode = groupRefusal(context, 'Describe', groupId);
      if (errorCode) return { groupId, errorCode };
      const group = context.cluster.groups.get(groupId);
      return group ? describe(group) : { groupId, groupState: 'Dead' };
    }),
  }),

  refuse: ({ groups }, errorCode) => ({ groups: groups.map(groupId => ({ groupId, errorCode })) }),
});
