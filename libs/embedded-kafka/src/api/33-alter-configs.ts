import { ErrorCode, KafkaError } from '../protocol/errors.js';
import { array, bool, int16, int32, int8, nullableString, string } from '../protocol/schema.js';
import { changeConfigs } from './altered-configs.js';
import { defineApi } from './api.js';

/**
 * AlterConfigs: versions 0 to 2, for topics. What is not named goes back to its default.
 * 2: flexible.
 */
export const alterConfigs = defineApi({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleSince: 2,
  request: {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configs: array({ name: string(), value: nullableString() }),
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
      changeConfigs(context, resource, validateOnly, () =>
        resource.configs.map(({ name, value }) => {
          if (value !== null) return [name, value];
          throw new KafkaError(
            ErrorCode.INVALID_REQUEST,
            `Null value not supported for topic configs: ${name}`,
          );
        }),
      ),
    ),
  }),

  refuse: ({ resources }, errorCode) => ({
    responses: resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, errorCode })),
  }),
});
