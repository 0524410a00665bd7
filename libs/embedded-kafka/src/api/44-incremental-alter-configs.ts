import { changeConfigs } from './altered-configs.js';
import { array, bool, int16, int32, int8, nullableString, string } from '../protocol/schema.js';
import { defineApi } from './api.js';
import { isListConfig } from '../cluster/topic-configs.js';
import { ErrorCode, KafkaError } from '../protocol/errors.js';

/**
 * IncrementalAlterConfigs: versions 0 to 1, for topics.
 * 1: flexible.
 */
const Operation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

interface Change {
  readonly name: string;
  readonly configOperation: number;
  readonly value: string | null;
}

/** One config's new value, or undefined for its default. */
function changed({ name, configOperation, value }: Change, present: string): string | undefined {
  if (configOperation === Operation.DELETE) return undefined;
  if (value === null)
    throw new KafkaError(ErrorCode.INVALID_REQUEST, `Null value not supported for topic configs: ${name}`);
  if (configOperation === Operation.SET) return value;
  if (!isListConfig(name))
    throw new KafkaError(ErrorCode.INVALID_CONFIG, `${name} is no list: it can only be set or deleted`);
  const items = present.split(',').filter(item => item !== '');
  const named = value.split(',').map(item => item.trim());
  if (configOperation === Operation.SUBTRACT) return items.filter(item => !named.includes(item)).join(',');
  if (configOperation === Operation.APPEND) return [...new Set([...items, ...named])].join(',');
  throw new KafkaError(ErrorCode.INVALID_REQUEST, `There is no config operation ${configOperation}`);
}

export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexibleSince: 1,
  request: {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configs: array({ name: string(), configOperation: int8(), value: nullableString() }),
    }),
    validateOnly: bool(),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    responses: array({
      errorCode: int16({ default: ErrorCode.NONE }),
      errorMessage: nullableString({ default: null }),
      resourceType: int8(),
      resourceName: string(),
    }),
  },

  handle: ({ resources, validateOnly }, context) => ({
    responses: resources.map(resource =>
      changeConfigs(context, resource, validateOnly, configs => {
        const own = new Map(configs.ownEntries());
        for (const change of resource.configs) {
          const value = changed(change, configs.get(change.name));
          if (value === undefined) own.delete(change.name);
          else own.set(change.name, value);
        }
        return own;
      }),
    ),
  }),

  refuse: ({ resources }, errorCode) => ({
    responses: resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, errorCode })),
  }),
});
