import { ErrorCode, KafkaError } from '../protocol/errors.js';
import {
  array,
  arrayOf,
  bool,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
} from '../protocol/schema.js';
import { defineApi } from './api.js';

/**
 * CreatePartitions: versions 0 to 3.
 * 2: flexible. 3: may be throttled.
 */
export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleSince: 2,
  request: {
    topics: array({
      name: string(),
      count: int32(),
      assignments: nullableArray({ brokerIds: arrayOf(int32()) }),
    }),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      name: string(),
      errorCode: int16({ default: ErrorCode.NONE }),
      errorMessage: nullableString({ default: null }),
    }),
  },

  names: ({ topics }) => topics.map(({ name }) => ({ topic: name })),

  handle: ({ topics, validateOnly }, { cluster, clientId }) => ({
    results: topics.map(({ name, count, assignments }) => {
      const errorCode = cluster.rights.refusal(clientId, 'Alter', { topic: name });
      if (errorCode) return { name, errorCode };
      try {
        cluster.growTopic(
          name,
          count,
          assignments?.map(({ brokerIds }) => brokerIds),
          validateOnly,
        );
        return { name };
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        return { name, errorCode: error.code, errorMessage: error.message };
      }
    }),
  }),

  refuse: ({ topics }, errorCode) => ({ results: topics.map(({ name }) => ({ name, errorCode })) }),
});
