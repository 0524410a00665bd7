import { ErrorCode } from '../protocol/errors.js';
import { int16, int32, int64, nullableString } from '../protocol/schema.js';
import { defineApi } from './api.js';

/**
 * InitProducerId: versions 0 to 4, for idempotent producers; a transactional id is refused.
 * 2: flexible. 3: the producer's present id and epoch, which mean something to transactional ones only.
 */
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 4],
  flexibleSince: 2,
  request: {
    transactionalId: nullableString(),
    transactionTimeoutMs: int32(),
    producerId: int64({ since: 3, default: -1 }),
    producerEpoch: int16({ since: 3, default: -1 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ default: 0 }),
    producerId: int64({ default: -1 }),
    producerEpoch: int16({ default: -1 }),
  },

  handle({ transactionalId }, { cluster, clientId }) {
    if (transactionalId !== null) return ErrorCode.INVALID_REQUEST;
    const { rights } = cluster;
    const refused = rights.refusal(clientId, 'IdempotentWrite', 'cluster');
    if (refused && !rights.allows(clientId, 'Write', { topic: '*' })) return refused;
    return { producerId: cluster.newProducerId(), producerEpoch: 0 };
  },

  refuse: (_, errorCode) => ({ errorCode }),
});
