import { array, arrayOf, int16, int32, string } from '../protocol/schema.js';
import { defineApi } from './api.js';

/**
 * ListGroups: versions 0 to 4. Each broker lists the groups that it coordinates.
 * 1: throttle time. 3: flexible. 4: filter by state.
 */
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: [0, 4],
  flexibleSince: 3,
  request: { statesFilter: arrayOf(string(), { since: 4 }) },
  response: {
    throttleTimeMs: int32({ since: 1, default: 0 }),
    errorCode: int16({ default: 0 }),
    groups: array({ groupId: string(), protocolType: string(), groupState: string({ since: 4 }) }),
  },

  handle({ statesFilter }, { cluster, nodeId, clientId }) {
    const { rights } = cluster;
    const mayAll = rights.allows(clientId, 'Describe', 'cluster');
    const wanted = new Set(statesFilter.map(state => state.toLowerCase()));
    return {
      groups: cluster.groups
        .all()
        .filter(group => cluster.coordinatorOf(group.id)?.id === nodeId)
        .filter(({ id }) => mayAll || rights.allows(clientId, 'Describe', { group: id }))
        .filter(group => wanted.size === 0 || wanted.has(group.state.toLowerCase()))
        .map(group => ({
          groupId: group.id,
          protocolType: group.protocolType,
          groupState: group.state,
        })),
    };
  },

  refuse: (_, errorCode) => ({ errorCode, groups: [] }),
});
