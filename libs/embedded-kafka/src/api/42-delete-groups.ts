import { array, arrayOf, int16, int32, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { groupRefusal } from './refusal.js';

/**
 * DeleteGroups: versions 0 to 2.
 * 2: flexible.
 */
export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexibleSince: 2,
  request: { groupsNames: arrayOf(string()) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({ groupId: string(), errorCode: int16() }),
  },

  handle: ({ groupsNames }, context) => ({
    results: groupsNames.map(groupId => ({
      groupId,
      errorCode: groupRefusal(context, 'Delete', groupId) || context.cluster.groups.delete(groupId),
    })),
  }),

  refuse: ({ groupsNames }, errorCode) => ({ results: groupsNames.map(groupId => ({ groupId, errorCode })) }),
});
