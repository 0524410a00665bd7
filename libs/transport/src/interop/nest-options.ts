import { z } from 'zod';
import type { Routing } from '../routing/routing.js';
import { topicPerPattern } from '../routing/topic-per-pattern.js';

/** How a service is one of Nest's built-in Kafka transport too, while a fleet moves from that to Parley. */
export interface NestKafkaOptions {
  /**
   * The consumer group of the servers that use the built-in: its `consumer.groupId` with `-server` after it. This server
   * joins it, shares its topics with them, and goes on from what they have committed.
   */
  group: string;
  /** The topic of the replies to a topic of requests. Default: `<topic>.reply`, which the built-in's clients use. */
  replyTopic?: (topic: string) => string;
}

export interface NestKafkaSettings extends NestTopics {
  group: string;
}

/** Where the built-in's patterns live, and the replies to them. */
export interface NestTopics {
  names: Routing;
  replyTopic(this: void, topic: string): string;
}

const legalName = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'must be letters, digits, ".", "_" and "-"')
  .max(249);

export const nestKafkaSchema = z.strictObject({
  group: legalName,
  replyTopic: z
    .custom<(topic: string) => string>(value => typeof value === 'function', 'must be a function')
    .optional(),
});

export function nestTopics(options: Pick<NestKafkaOptions, 'replyTopic'>, prefix: string): NestTopics {
  return { names: topicPerPattern(prefix), replyTopic: options.replyTopic ?? defaultReplyTopic };
}

function defaultReplyTopic(topic: string): string {
  return `${topic}.reply`;
}
