import { ErrorCode } from '../protocol/errors.js';
import { array, arrayOf, int16, int32, NO_UUID, nullableString, string, uuid } from '../protocol/schema.js';
import type { Decoded } from '../protocol/schema.js';
import { defineApi, type RequestContext } from './api.js';

/**
 * DeleteTopics: versions 1 to 6.
 * 4: flexible. 5: error message. 6: topics by name or id.
 */
const request = {
  topics: array({ name: nullableString(), topicId: uuid() }, { since: 6 }),
  topicNames: arrayOf(string(), { until: 5 }),
  timeoutMs: int32(),
};

const response = {
  throttleTimeMs: int32({ since: 1, default: 0 }),
  responses: array({
    name: nullableString(),
    topicId: uuid({ since: 6, default: NO_UUID }),
    errorCode: int16({ default: 0 }),
    errorMessage: nullableString({ since: 5, default: null }),
  }),
};

interface Named {
  readonly name: string | null;
  readonly topicId: string;
}

/** Both ways of asking as one. */
function asked({ topics, topicNames }: Decoded<typeof request>): Named[] {
  return [...topics, ...topicNames.map(name => ({ name, topicId: NO_UUID }))];
}

function remove({ name, topicId }: Named, { cluster, clientId }: RequestContext) {
  const topic = name === null ? cluster.topicById(topicId) : cluster.topics.get(name);
  const refused = cluster.rights.refusal(clientId, 'Delete', { topic: topic?.name ?? name ?? '' });
  if (refused) return { name, topicId, errorCode: refused };
  if (topic) {
    cluster.deleteTopic(topic.name);
    return { name: topic.name, topicId: topic.id };
  }
  const errorCode = name === null ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { name, topicId, errorCode, errorMessage: 'This server does not host this topic.' };
}

export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleSince: 4,
  request,
  response,

  names: request => asked(request).flatMap(({ name }) => (name === null ? [] : [{ topic: name }])),

  handle: (request, context) => ({ responses: asked(request).map(named => remove(named, context)) }),

  refuse: (request, errorCode) => ({ responses: asked(request).map(named => ({ ...named, errorCode })) }),
});
