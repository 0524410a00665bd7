import { ErrorCode, KafkaError } from '../protocol/errors.js';
import {
  array,
  arrayOf,
  bool,
  int16,
  int32,
  int8,
  NO_UUID,
  nullableArray,
  nullableString,
  string,
  uuid,
} from '../protocol/schema.js';
import type { Decoded } from '../protocol/schema.js';
import { ConfigSource } from './config-source.js';
import { defineApi, type RequestContext } from './api.js';

/**
 * CreateTopics: versions 2 to 7.
 * 4: -1 for the default number of partitions and replicas. 5: flexible, what was created. 7: topic id.
 */
const request = {
  topics: array({
    name: string(),
    numPartitions: int32(),
    replicationFactor: int16(),
    assignments: array({ partitionIndex: int32(), brokerIds: arrayOf(int32()) }),
    configs: array({ name: string(), value: nullableString() }),
  }),
  timeoutMs: int32(),
  validateOnly: bool({ since: 1 }),
};

const response = {
  throttleTimeMs: int32({ since: 2, default: 0 }),
  topics: array({
    name: string(),
    topicId: uuid({ since: 7, default: NO_UUID }),
    errorCode: int16({ default: 0 }),
    errorMessage: nullableString({ since: 1, default: null }),
    numPartitions: int32({ since: 5, default: -1 }),
    replicationFactor: int16({ since: 5, default: -1 }),
    configs: nullableArray(
      {
        name: string(),
        value: nullableString(),
        readOnly: bool(),
        configSource: int8(),
        isSensitive: bool(),
      },
      { since: 5, default: [] },
    ),
  }),
};

type Asked = Decoded<typeof request>['topics'][number];

/** Replicas by partition, or undefined where the broker is to choose. */
function assignmentOf(asked: Asked): number[][] | undefined {
  const { name, numPartitions, replicationFactor, assignments } = asked;
  if (assignments.length === 0) return undefined;
  if (numPartitions !== -1 || replicationFactor !== -1)
    throw new KafkaError(
      ErrorCode.INVALID_REQUEST,
      `Where replicas are given, as for '${name}', both numbers must be -1, not ${numPartitions} and ${replicationFactor}.`,
    );
  return assignments.map((_, index) => {
    const given = assignments.find(({ partitionIndex }) => partitionIndex === index);
    if (given) return given.brokerIds;
    throw new KafkaError(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Partition ${index} of '${name}' is given no replicas.`,
    );
  });
}

function create(asked: Asked, validateOnly: boolean, { cluster, clientId }: RequestContext) {
  const { rights } = cluster;
  const refused =
    rights.refusal(clientId, 'Create', 'cluster') &&
    rights.refusal(clientId, 'Create', { topic: asked.name });
  if (refused) return { name: asked.name, errorCode: refused, errorMessage: 'Authorization failed.' };
  try {
    const configs = Object.fromEntries(
      asked.configs.map(({ name, value }) => {
        if (value !== null) return [name, value];
        throw new KafkaError(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${name}`);
      }),
    );
    const topic = cluster.createTopic(
      {
        name: asked.name,
        partitions: asked.numPartitions,
        replicationFactor: asked.replicationFactor,
        configs,
        assignment: assignmentOf(asked),
      },
      validateOnly,
    );
    return {
      name: topic.name,
      topicId: validateOnly ? NO_UUID : topic.id,
      numPartitions: topic.partitions.length,
      replicationFactor: topic.replicationFactor,
      configs: topic.configs.entries().map(({ name, value, isDefault }) => ({
        name,
        value,
        readOnly: false,
        configSource: isDefault ? ConfigSource.DEFAULT : ConfigSource.TOPIC,
        isSensitive: false,
      })),
    };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { name: asked.name, errorCode: error.code, errorMessage: error.message };
  }
}

export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexibleSince: 5,
  request,
  response,

  names: ({ topics }) => topics.map(({ name }) => ({ topic: name })),

  handle({ topics, validateOnly }, context) {
    const byName = new Map<string, Asked[]>();
    for (const asked of topics) byName.set(asked.name, [...(byName.get(asked.name) ?? []), asked]);
    return {
      topics: [...byName].map(([name, [asked, another]]) => {
        if (asked && !another) return create(asked, validateOnly, context);
        return {
          name,
          errorCode: ErrorCode.INVALID_REQUEST,
          errorMessage: `Topic '${name}' is named more than once in the request.`,
        };
      }),
    };
  },

  refuse: ({ topics }, errorCode) => ({ topics: topics.map(({ name }) => ({ name, errorCode })) }),
});
