import { TopicConfigs } from '../cluster/topic-configs.js';
import { ErrorCode, KafkaError } from '../protocol/errors.js';
import type { RequestContext } from './api.js';
import { ResourceType } from './config-source.js';

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

/**
 * Gives one topic the configs that `change` makes of those it has, all or none, and answers for it. Configs of
 * anything but topics are refused.
 */
export function changeConfigs(
  { cluster, clientId }: RequestContext,
  { resourceType, resourceName }: Resource,
  validateOnly: boolean,
  change: (present: TopicConfigs) => Iterable<readonly [name: string, value: string]>,
) {
  const about = { resourceType, resourceName };
  try {
    if (resourceType !== ResourceType.TOPIC)
      throw new KafkaError(
        ErrorCode.INVALID_REQUEST,
        `Only configs of topics can be altered here, not of resource type ${resourceType}.`,
      );
    const refused = cluster.rights.refusal(clientId, 'AlterConfigs', { topic: resourceName });
    if (refused) return { ...about, errorCode: refused };
    const topic = cluster.topics.get(resourceName);
    if (!topic)
      throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `There is no topic '${resourceName}'.`);
    const altered = new TopicConfigs(change(topic.configs));
    if (!validateOnly) topic.configs = altered;
    return about;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { ...about, errorCode: error.code, errorMessage: error.message };
  }
}
