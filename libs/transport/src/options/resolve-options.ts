import type { z } from 'zod';
import { driverFactory } from '../drivers/drivers.js';
import { nestTopics } from '../interop/nest-options.js';
import type { LinkOptions } from '../link/link-options.js';
import type { TopicShape } from '../link/topics.js';
import type { Routing, RoutingName } from '../routing/routing.js';
import { topicPerPattern } from '../routing/topic-per-pattern.js';
import { topicPerService } from '../routing/topic-per-service.js';
import { wholeRouting } from '../routing/whole-routing.js';
import { jsonCodec, jsonCodecOf } from '../wire/json-codec.js';
import { checkOptions } from './checked-options.js';
import { DEFAULTS } from './defaults.js';
import { clientSchema, serverSchema } from './options-schema.js';
import type { ParleyClientOptions, ParleyOptions } from './parley-options.js';
import { resolvePolicies } from './policy-options.js';
import type { ClientSettings, ServerSettings } from './settings.js';

/** Raises TypeError that names each option at fault and what it got. */
export function resolveServerOptions(options: ParleyOptions): ServerSettings {
  const valid = checkOptions(serverSchema, options, 'ParleyServer');
  return {
    link: linkOptions(valid),
    nestKafka: valid.nestKafka && {
      group: valid.nestKafka.group,
      ...nestTopics(valid.nestKafka, valid.prefix ?? DEFAULTS.prefix),
    },
    concurrency: valid.concurrency ?? DEFAULTS.concurrency,
    collectConcurrency: valid.collectConcurrency ?? DEFAULTS.collectConcurrency,
    eventConcurrency: valid.eventConcurrency ?? DEFAULTS.eventConcurrency,
    eventsFrom: valid.eventsFrom ?? DEFAULTS.eventsFrom,
    maxStreams: valid.maxStreams ?? DEFAULTS.maxStreams,
    maxCallsPerCaller: valid.maxCallsPerCaller,
    hooks: valid.hooks ?? [],
  };
}

/** Raises TypeError that names each option at fault and what it got. */
export function resolveClientOptions(options: ParleyClientOptions): ClientSettings {
  const valid = checkOptions(clientSchema, options, 'ParleyClient');
  return {
    link: linkOptions(valid),
    to: valid.to,
    nestKafka:
      valid.transport === 'nest-kafka'
        ? nestTopics(valid.nestKafka ?? {}, valid.prefix ?? DEFAULTS.prefix)
        : undefined,
    timeoutMs: valid.timeoutMs ?? DEFAULTS.timeoutMs,
    emitTimeoutMs: valid.emitTimeoutMs ?? DEFAULTS.emitTimeoutMs,
    window: valid.window ?? DEFAULTS.window,
    ...(valid.idleTimeoutMs !== undefined && { idleTimeoutMs: valid.idleTimeoutMs }),
    waitForReady: valid.waitForReady ?? DEFAULTS.waitForReady,
    policies: resolvePolicies(valid.policies),
    hooks: valid.hooks ?? [],
  };
}

function linkOptions(valid: z.output<typeof serverSchema>): LinkOptions {
  const shape = (kind: keyof typeof DEFAULTS.partitions): TopicShape => ({
    partitions: valid.topics?.[kind]?.partitions ?? DEFAULTS.partitions[kind],
    replication: valid.topics?.[kind]?.replication ?? DEFAULTS.replication,
  });
  return {
    service: valid.service,
    kafka: valid.kafka,
    driver: driverFactory(valid.driver ?? DEFAULTS.driver),
    codec: valid.codec ?? (valid.maxJsonDepth === undefined ? jsonCodec : jsonCodecOf(valid.maxJsonDepth)),
    names: routing(valid.routing ?? DEFAULTS.routing, valid.prefix ?? DEFAULTS.prefix),
    provision: valid.provision ?? DEFAULTS.provision,
    topics: {
      calls: shape('calls'),
      inbox: shape('inbox'),
      events: { ...shape('events'), compression: valid.topics?.events?.compression },
    },
    sender: valid.sender ?? {},
    maxItemBytes: valid.maxItemBytes ?? DEFAULTS.maxItemBytes,
    headerLimits: {
      count: valid.maxHeaders ?? DEFAULTS.maxHeaders,
      bytes: valid.maxHeaderBytes ?? DEFAULTS.maxHeaderBytes,
    },
    drainTimeoutMs: valid.drainTimeoutMs ?? DEFAULTS.drainTimeoutMs,
    pulseIntervalMs: valid.pulseIntervalMs ?? DEFAULTS.pulseIntervalMs,
  };
}

function routing(choice: RoutingName | Routing, prefix: string): Routing {
  if (choice === 'topic-per-service') return topicPerService(prefix);
  if (choice === 'topic-per-pattern') return topicPerPattern(prefix);
  return wholeRouting(choice);
}
