import { randomBytes } from 'node:crypto';
import { ErrorCode, KafkaError } from '../protocol/errors.js';
import type { Partition } from './partition.js';
import type { TopicConfigs } from './topic-configs.js';

const MAX_NAME = 249;

export class Topic {
  /** A UUID as 32 hexadecimal digits. */
  readonly id = randomBytes(16).toString('hex');
  readonly partitions: Partition[] = [];

  constructor(
    readonly name: string,
    public configs: TopicConfigs,
  ) {}

  get replicationFactor(): number {
    return this.partitions[0]?.replicas.length ?? 0;
  }
}

/** Why Kafka would not take a topic's name, or undefined where it would. */
export function topicNameFault(name: string): string | undefined {
  return name === ''
    ? 'is empty'
    : name === '.' || name === '..'
      ? "cannot be '.' or '..'"
      : name.length > MAX_NAME
        ? `is longer than ${MAX_NAME} characters`
        : /^[a-zA-Z0-9._-]+$/.test(name)
          ? undefined
          : 'holds characters other than ASCII letters and digits, dot, underscore and hyphen';
}

/** @throws KafkaError INVALID_TOPIC_EXCEPTION for a name that Kafka would not take */
export function checkTopicName(name: string): void {
  const fault = topicNameFault(name);
  if (fault) throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name '${name}' ${fault}`);
}
