import type { Cluster } from '../cluster.js';
import { ConfigType } from '../cluster/topic-configs.js';
import { ErrorCode } from '../protocol/errors.js';
import {
  array,
  bool,
  int16,
  int32,
  int8,
  nullableArrayOf,
  nullableString,
  string,
} from '../protocol/schema.js';
import type { Decoded, Encodable } from '../protocol/schema.js';
import { defineApi, type RequestContext } from './api.js';
import { ConfigSource, ResourceType } from './config-source.js';

/**
 * DescribeConfigs: versions 1 to 4.
 * 1: synonyms, source. 3: types and documentation. 4: flexible.
 */
const request = {
  resources: array({
    resourceType: int8(),
    resourceName: string(),
    configurationKeys: nullableArrayOf(string()),
  }),
  includeSynonyms: bool({ since: 1 }),
  includeDocumentation: bool({ since: 3 }),
};

const config = {
  name: string(),
  value: nullableString(),
  readOnly: bool({ default: false }),
  configSource: int8({ since: 1 }),
  isSensitive: bool({ default: false }),
  synonyms: array({ name: string(), value: nullableString(), source: int8() }, { since: 1, default: [] }),
  configType: int8({ since: 3, default: 0 }),
  documentation: nullableString({ since: 3, default: null }),
};

const response = {
  throttleTimeMs: int32({ default: 0 }),
  results: array({
    errorCode: int16({ default: 0 }),
    errorMessage: nullableString({ default: null }),
    resourceType: int8(),
    resourceName: string(),
    configs: array(config, { default: [] }),
  }),
};

type Resource = Decoded<typeof request>['resources'][number];
type Config = Encodable<typeof config>;

function topicConfigs(name: string, cluster: Cluster): Config[] | undefined {
  return cluster.topics
    .get(name)
    ?.configs.entries()
    .map(({ name, value, type, isDefault }) => {
      const configSource = isDefault ? ConfigSource.DEFAULT : ConfigSource.TOPIC;
      return {
        name,
        value,
        configType: type,
        configSource,
        synonyms: [{ name, value, source: configSource }],
      };
    });
}

const brokerConfig = (name: string, value: string, configType: number): Config => ({
  name,
  value,
  configType,
  readOnly: true,
  configSource: ConfigSource.STATIC_BROKER,
});

function brokerConfigs(name: string, cluster: Cluster): Config[] | undefined {
  if (!cluster.nodes.has(Number(name))) return undefined;
  return [
    brokerConfig('auto.create.topics.enable', 'false', ConfigType.BOOLEAN),
    brokerConfig('node.id', name, ConfigType.INT),
    brokerConfig('message.max.bytes', '1048588', ConfigType.INT),
    brokerConfig('offset.metadata.max.bytes', '4096', ConfigType.INT),
  ];
}

function describe(resource: Resource, includeSynonyms: boolean, { cluster, clientId }: RequestContext) {
  const { resourceType, resourceName, configurationKeys } = resource;
  const about = { resourceType, resourceName };
  if (resourceType !== ResourceType.TOPIC && resourceType !== ResourceType.BROKER)
    return {
      ...about,
      errorCode: ErrorCode.INVALID_REQUEST,
      errorMessage: `Configs of resource type ${resourceType} are not kept here, only of topics and brokers.`,
    };
  const isTopic = resourceType === ResourceType.TOPIC;
  const asked = isTopic ? { topic: resourceName } : 'cluster';
  const refused = cluster.rights.refusal(clientId, 'DescribeConfigs', asked);
  if (refused) return { ...about, errorCode: refused };
  const configs = isTopic ? topicConfigs(resourceName, cluster) : brokerConfigs(resourceName, cluster);
  if (configs) {
    const wanted = configurationKeys && new Set(configurationKeys);
    const found = wanted ? configs.filter(({ name }) => wanted.has(name)) : configs;
    return {
      ...about,
      configs: includeSynonyms ? found : found.map(config => ({ ...config, synonyms: [] })),
    };
  }
  return {
    ...about,
    errorCode: isTopic ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_REQUEST,
    errorMessage: `There is no ${isTopic ? 'topic' : 'broker'} '${resourceName}'.`,
  };
}

export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleSince: 4,
  request,
  response,

  handle: ({ resources, includeSynonyms }, context) => ({
    results: resources.map(resource => describe(resource, includeSynonyms, context)),
  }),

  refuse: ({ resources }, errorCode) => ({
    results: resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, errorCode })),
  }),
});
