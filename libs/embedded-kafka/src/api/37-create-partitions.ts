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

  handle: ({ topics, validateOnly }, { cluster }) => ({
    results: topics.map(({ name, count, assignments }) => {
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
