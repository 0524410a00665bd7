import { z } from 'zod';
import type { ProvisionMode } from '../drivers/driver.js';
import { nestKafkaSchema, type NestKafkaOptions } from '../interop/nest-options.js';
import type { ClientTransport } from '../options/parley-options.js';
import type { Routing, RoutingName } from '../routing/routing.js';
import { topicPerPattern } from '../routing/topic-per-pattern.js';
import { topicPerService } from '../routing/topic-per-service.js';

/** An event that a service handles, where there is more to say than its pattern. */
export interface SubscribedEvent {
  event: string;
  /** As `@Handling({ retry: { delaysMs } })` of its handlers has them, unless they keep the order. */
  delaysMs?: readonly number[];
  /** Whether a handler has it as a broadcast event. Default false. */
  broadcast?: boolean;
}

/** A service that is called, with the patterns where each has a topic of its own. */
export interface CalledService {
  service: string;
  patterns: readonly string[];
  /** `nest-kafka` where its servers use Nest's built-in Kafka transport. Default `parley`. */
  transport?: ClientTransport;
}

/** What a service says, and listens to, by Kafka: what its topics, groups and rights follow from. */
export interface ServiceDescription {
  service: string;
  /** As in the service's own options. */
  prefix?: string;
  routing?: RoutingName | Routing;
  provision?: ProvisionMode;
  /** Patterns of the calls that it answers. */
  answers?: readonly string[];
  /** Services that call it. Where they are not told, replies may go to whatever begins with the prefix. */
  calledBy?: readonly string[];
  /** Services that it calls; with the patterns where each has a topic of its own, as with `transport: 'nest-kafka'`. */
  calls?: readonly (string | CalledService)[];
  /** As in its own options: where it is one of the servers of Nest's built-in Kafka transport too. */
  nestKafka?: NestKafkaOptions;
  /** As its clients have it: where false, they ask who is in the group of a service that they call. Default true. */
  waitForReady?: boolean;
  /** Patterns of the events that it emits. */
  emits?: readonly string[];
  /** Patterns of the events that it handles. */
  subscribes?: readonly (string | SubscribedEvent)[];
}

const name = z.string().min(1, 'is empty');
const schema = z.strictObject({
  service: name,
  prefix: z.string().optional(),
  routing: z
    .union([z.enum(['topic-per-service', 'topic-per-pattern']), z.custom<Routing>(isObject)])
    .optional(),
  provision: z.enum(['create', 'verify', 'none']).optional(),
  answers: z.array(name).optional(),
  calledBy: z.array(name).optional(),
  calls: z
    .array(
      z.union([
        name,
        z.strictObject({
          service: name,
          patterns: z.array(name).min(1),
          transport: z.enum(['parley', 'nest-kafka']).optional(),
        }),
      ]),
    )
    .optional(),
  nestKafka: nestKafkaSchema.optional(),
  waitForReady: z.boolean().optional(),
  emits: z.array(name).optional(),
  subscribes: z
    .array(
      z.union([
        name,
        z.strictObject({
          event: name,
          delaysMs: z.array(z.number().int().positive()).optional(),
          broadcast: z.boolean().optional(),
        }),
      ]),
    )
    .optional(),
});

/** The description, if it is one. Raises TypeError that names what is at fault. */
export function checkDescription(description: unknown): ServiceDescription {
  const result = schema.safeParse(description);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`,
  );
  throw new TypeError(`a service cannot be described so:\n  ${faults.join('\n  ')}`);
}

/** How the service's topics and groups are named. */
export function namesOf({ routing = 'topic-per-service', prefix = '' }: ServiceDescription): Routing {
  if (typeof routing === 'object') return routing;
  return routing === 'topic-per-pattern' ? topicPerPattern(prefix) : topicPerService(prefix);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
