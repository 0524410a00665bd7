import { ErrorCode } from '../protocol/errors.js';
import { array, arrayOf, int16, int32, int8, nullableString, string } from '../protocol/schema.js';
import { defineApi, type RequestContext } from './api.js';

/**
 * FindCoordinator: versions 0 to 4.
 * 1: key type, error message. 3: flexible. 4: many keys at once.
 */
const request = {
  key: string({ until: 3 }),
  keyType: int8({ since: 1 }),
  coordinatorKeys: arrayOf(string(), { since: 4 }),
};

const response = {
  throttleTimeMs: int32({ since: 1, default: 0 }),
  errorCode: int16({ until: 3, default: 0 }),
  errorMessage: nullableString({ since: 1, until: 3, default: null }),
  nodeId: int32({ until: 3, default: -1 }),
  host: string({ until: 3, default: '' }),
  port: int32({ until: 3, default: -1 }),
  coordinators: array(
    {
      key: string(),
      nodeId: int32({ default: -1 }),
      host: string({ default: '' }),
      port: int32({ default: -1 }),
      errorCode: int16({ default: 0 }),
      errorMessage: nullableString({ default: null }),
    },
    { since: 4, default: [] },
  ),
};

const GROUP = 0;

function find(key: string, keyType: number, { cluster, clientId }: RequestContext) {
  if (keyType !== GROUP)
    return {
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `The embedded broker coordinates groups only (key type 0), not key type ${keyType}.`,
    };
  const refused = cluster.rights.refusal(clientId, 'Describe', { group: key });
  if (refused) return { errorCode: refused };
  const node = cluster.coordinatorOf(key);
  if (!node) return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE };
  return { nodeId: node.id, host: node.host, port: node.port };
}

export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 4],
  flexibleSince: 3,
  request,
  response,

  handle({ key, keyType, coordinatorKeys }, context) {
    if (context.version < 4) return find(key, keyType, context);
    return { coordinators: coordinatorKeys.map(each => ({ key: each, ...find(each, keyType, context) })) };
  },

  refuse: ({ coordinatorKeys }, errorCode) => ({
    errorCode,
    coordinators: coordinatorKeys.map(key => ({ key, errorCode })),
  }),
});
