import { z } from 'zod';
import type { DriverFactory, LinkOptions } from '../link/link-options.js';
import {
  nestKafkaSchema,
  nestTopics,
  type NestKafkaOptions,
  type NestKafkaSettings,
  type NestTopics,
} from '../interop/nest-options.js';
import { COMPRESSION_NAMES } from '../drivers/compression/codec.js';
import type { CompressionCodec } from '../drivers/compression/codec.js';
import type { ProvisionMode } from '../drivers/driver.js';
import { DRIVER_NAMES, driverFactory, type DriverName } from '../drivers/drivers.js';
import type { KafkaOptions } from '../drivers/kafka-options.js';
import { MAX_PULSE_INTERVAL_MS } from '../link/peer.js';
import type { SenderOptions } from '../link/sender-options.js';
import type { EventCompression, TopicShape } from '../link/topics.js';
import type { ParleyHook } from '../hooks/parley-hook.js';
import type { Routing, RoutingName } from '../routing/routing.js';
import { topicPerPattern } from '../routing/topic-per-pattern.js';
import { topicPerService } from '../routing/topic-per-service.js';
import { wholeRouting } from '../routing/whole-routing.js';
import type { Codec } from '../wire/codec.js';
import { HEADER_LIMITS } from '../wire/header-limits.js';
import { jsonCodec, jsonCodecOf } from '../wire/json-codec.js';
import { MAX_JSON_DEPTH } from '../wire/safe-json.js';
import { holdsSecret, kafkaSecurity } from './kafka-security.js';
import {
  policiesSchema,
  resolvePolicies,
  type PolicyOptions,
  type PolicySettings,
} from './policy-options.js';

/** Every default of Parley's options. Times are in milliseconds. */
export const DEFAULTS = {
  driver: 'kafkajs',
  routing: 'topic-per-service',
  prefix: '',
  provision: 'create',
  /** How long a call waits for its answer, or for the first item of its stream. */
  timeoutMs: 30_000,
  /** How long an event may take to be acknowledged by the broker. */
  emitTimeoutMs: 10_000,
  /** Items of a reply that may be on their way at a time. */
  window: 4096,
  /** Calls handled side by side in one instance. */
  concurrency: 512,
  /** Requests to every instance that one of them handles side by side. */
  collectConcurrency: 64,
  /** Events handled side by side in one instance. */
  eventConcurrency: 256,
  /** Where a service begins to read events that has handled none yet. */
  eventsFrom: 'earliest',
  /** Streams open in one instance. */
  maxStreams: 10_000,
  /** Whether a call waits, within its timeout, for an instance of the service where none is there. */
  waitForReady: true,
  /** What an item of a reply, or a request's data, may weigh, in bytes; what no record holds travels in parts. */
  maxItemBytes: 16 * 1024 * 1024,
  /** Headers that a request or an event may carry, Parley's own included. */
  maxHeaders: HEADER_LIMITS.count,
  /** What they may weigh together, names included, in bytes. */
  maxHeaderBytes: HEADER_LIMITS.bytes,
  /** How deep JSON may nest that is read. */
  maxJsonDepth: MAX_JSON_DEPTH,
  /** What a closing process allows running work, and then what waits to be sent. */
  drainTimeoutMs: 10_000,
  /** How often instances that share long calls tell each other that they live; one that stays silent thrice is gone. */
  pulseIntervalMs: 2000,
  partitions: { calls: 6, inbox: 6, events: 6 },
  /** -1: the broker's own default. */
  replication: -1,
} as const;

export interface EventOptions extends Partial<TopicShape> {
  /**
   * `gzip` needs nothing, `zstd` Node 22.15 or the package @mongodb-js/zstd, `snappy` the package snappy, `lz4` the
   * package lz4-napi: a server does not start where its codec is missing. Readers know by themselves what was used.
   * Batches under 1,024 bytes are sent as they are. One for all event topics and their dead letters, or one for each
   * topic by its name: those not named are not compressed. Default `none`. Calls and replies are never compressed.
   */
  compression?: EventCompression;
}

/** What ParleyModule.forRoot and ParleyServer take. Only `service` and `kafka.brokers` have no default. */
export interface ParleyOptions {
  /** This service's name: what a host is in HTTP. Letters, digits, ".", "_" and "-". */
  service: string;
  kafka: Omit<KafkaOptions, 'brokers' | 'clientId'> & {
    /** `host:port`, several by comma or as a list. */
    brokers: string | string[];
  };
  /** The Kafka client. Default `kafkajs`; `platformatic` needs the package @platformatic/kafka 1.35 beside it. */
  driver?: DriverName | DriverFactory;
  /** Default: JSON that keeps types. All services that talk to each other use the same. */
  codec?: Codec;
  /** Where patterns live. Default `topic-per-service`. */
  routing?: RoutingName | Routing;
  /** Put before every topic and group name. */
  prefix?: string;
  /** Whether missing topics are made (default), only checked for, or left alone. */
  provision?: ProvisionMode;
  topics?: { calls?: Partial<TopicShape>; inbox?: Partial<TopicShape>; events?: EventOptions };
  timeoutMs?: number;
  emitTimeoutMs?: number;
  window?: number;
  concurrency?: number;
  collectConcurrency?: number;
  eventConcurrency?: number;
  /**
   * What a service is given that handles events for the first time: all that are still there (`earliest`, the default),
   * or those that are sent from then on (`latest`). A service that was there before goes on where it stopped.
   */
  eventsFrom?: 'earliest' | 'latest';
  maxStreams?: number;
  maxItemBytes?: number;
  /** Beyond it a request is answered INVALID_ARGUMENT, and an event is a dead letter. Default 256. */
  maxHeaders?: number;
  /** As `maxHeaders`, for names and values together, in bytes. Default 65,536. */
  maxHeaderBytes?: number;
  /** Of the codec for JSON: what nests deeper is not read, on either side. Default 1,000. */
  maxJsonDepth?: number;
  /**
   * Calls of one caller's instance that run at a time on one instance of this service; a further one is answered
   * RESOURCE_EXHAUSTED. Below `concurrency`, it keeps slots free for others. Default: none, so that a caller that is
   * alone may use all of them.
   */
  maxCallsPerCaller?: number;
  drainTimeoutMs?: number;
  pulseIntervalMs?: number;
  /** How long a stream may be silent between two items. Default: for ever, while its server lives. */
  idleTimeoutMs?: number;
  sender?: Partial<Omit<SenderOptions, 'now' | 'backoff'>>;
  waitForReady?: boolean;
  /** Also serve what speaks Nest's built-in Kafka transport, while a fleet moves. Default: Parley only. */
  nestKafka?: NestKafkaOptions;
  /** Retries and circuit breakers of this process's clients. Default: none. */
  policies?: PolicyOptions;
  /** What is done around calls and events, in this order; those that ParleyModule finds come after. Default: none. */
  hooks?: readonly ParleyHook[];
}

/** How a service is called: as Parley does, or as Nest's built-in Kafka transport does. */
export type ClientTransport = 'parley' | 'nest-kafka';

/** What a ParleyClient of its own takes: `to` names the service it calls, `service` the one it is part of. */
export interface ParleyClientOptions extends ParleyOptions {
  to: string;
  /** `nest-kafka` for a service whose servers use Nest's built-in Kafka transport. Default `parley`. */
  transport?: ClientTransport;
}

export interface ClientSettings {
  link: LinkOptions;
  to: string;
  /** For a service that is called as Nest's built-in transport does. */
  nestKafka: NestTopics | undefined;
  timeoutMs: number;
  emitTimeoutMs: number;
  idleTimeoutMs?: number;
  window: number;
  waitForReady: boolean;
  policies: PolicySettings | undefined;
  hooks: readonly ParleyHook[];
}

export interface ServerSettings {
  link: LinkOptions;
  /** For a service that is one of Nest's built-in transport too. */
  nestKafka: NestKafkaSettings | undefined;
  concurrency: number;
  collectConcurrency: number;
  eventConcurrency: number;
  eventsFrom: 'earliest' | 'latest';
  maxStreams: number;
  maxCallsPerCaller: number | undefined;
  hooks: readonly ParleyHook[];
}

/** Beyond it there is no string that JSON could be read from. */
const MOST_ITEM_BYTES = 512 * 1024 * 1024;
/** Beyond it Node's own JSON.stringify overflows the stack. */
const MOST_JSON_DEPTH = 5000;

const positive = z.number().int().positive();
const milliseconds = z.number().int().positive().max(2_147_483_647);
const name = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'must be letters, digits, ".", "_" and "-"')
  .max(200);
const compression = z.enum(['none', ...COMPRESSION_NAMES]);
const topicShape = z.strictObject({
  partitions: positive.max(10_000).optional(),
  replication: z.union([z.literal(-1), positive.max(32_767)]).optional(),
});
const broker = z
  .string()
  .trim()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:,/]+):\d{1,5}$/, 'must be host:port');

const schema = z.strictObject({
  service: name,
  kafka: z.strictObject({
    ...kafkaSecurity,
    brokers: z
      .union([z.string().transform(text => text.split(',')), z.array(z.string())])
      .pipe(z.array(broker).min(1, 'needs at least one host:port')),
    connectionTimeoutMs: milliseconds.optional(),
    requestTimeoutMs: milliseconds.optional(),
    codecs: z.partialRecord(z.enum(COMPRESSION_NAMES), z.custom<CompressionCodec>(isCompression)).optional(),
    instanceId: z
      .string()
      .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, 'must be 1 to 249 letters, digits, ".", "_" and "-"')
      .optional(),
  }),
  driver: z
    .union([z.enum(DRIVER_NAMES), z.custom<DriverFactory>(value => typeof value === 'function')])
    .optional(),
  codec: z.custom<Codec>(isCodec, 'must be a codec: an object with name, encode and decode').optional(),
  routing: z
    .union([z.enum(['topic-per-service', 'topic-per-pattern']), z.custom<Routing>(isRouting)])
    .optional(),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]*$/, 'must be letters, digits, ".", "_" and "-"')
    .max(100)
    .optional(),
  provision: z.enum(['create', 'verify', 'none']).optional(),
  topics: z
    .strictObject({
      calls: topicShape.optional(),
      inbox: topicShape.optional(),
      events: topicShape
        .extend({ compression: z.union([compression, z.record(z.string(), compression)]).optional() })
        .optional(),
    })
    .optional(),
  timeoutMs: milliseconds.optional(),
  emitTimeoutMs: milliseconds.optional(),
  window: positive.max(1_000_000).optional(),
  concurrency: positive.max(100_000).optional(),
  collectConcurrency: positive.max(100_000).optional(),
  eventConcurrency: positive.max(100_000).optional(),
  eventsFrom: z.enum(['earliest', 'latest']).optional(),
  maxStreams: positive.max(1_000_000).optional(),
  maxItemBytes: positive.max(MOST_ITEM_BYTES).optional(),
  maxHeaders: positive.max(100_000).optional(),
  maxHeaderBytes: positive.max(MOST_ITEM_BYTES).optional(),
  maxJsonDepth: positive.max(MOST_JSON_DEPTH).optional(),
  maxCallsPerCaller: positive.max(100_000).optional(),
  drainTimeoutMs: milliseconds.optional(),
  pulseIntervalMs: milliseconds.min(50).max(MAX_PULSE_INTERVAL_MS).optional(),
  idleTimeoutMs: milliseconds.optional(),
  sender: z
    .strictObject({
      maxQueuedBytes: positive.optional(),
      maxQueuedParcels: positive.optional(),
      maxRecordBytes: positive.optional(),
      frameTimeoutMs: milliseconds.optional(),
    })
    .optional(),
  waitForReady: z.boolean().optional(),
  nestKafka: nestKafkaSchema.optional(),
  policies: policiesSchema.optional(),
  hooks: z
    .array(z.custom<ParleyHook>(isObject, 'must be an object with the methods of ParleyHook'))
    .optional(),
});

const clientSchema = schema.extend({ to: name, transport: z.enum(['parley', 'nest-kafka']).optional() });

/** Raises TypeError that names each option at fault and what it got. */
export function resolveServerOptions(options: ParleyOptions): ServerSettings {
  const valid = check(schema, options, 'ParleyServer');
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
  const valid = check(clientSchema, options, 'ParleyClient');
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

function linkOptions(valid: z.output<typeof schema>): LinkOptions {
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

function check<T extends z.ZodType>(type: T, options: unknown, what: string): z.output<T> {
  const result = type.safeParse(options);
  if (result.success) return result.data;
  const faults = result.error.issues.map(issue => {
    const path = issue.path.join('.') || 'options';
    const value = valueAt(options, issue.path);
    return `${path}: ${issue.message}; got ${holdsSecret(issue.path) ? kindOf(value) : shown(value)}`;
  });
  throw new TypeError(`${what} was given options that it cannot use:\n  ${faults.join('\n  ')}`);
}

function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : value,
    options,
  );
}

/** Objects by their kind only: an option may hold a secret. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (typeof value === 'object' || typeof value === 'symbol') return kindOf(value);
  return JSON.stringify(value) ?? kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isCodec(value: unknown): boolean {
  const { name, encode, decode } = (value ?? {}) as Partial<Codec>;
  return typeof name === 'string' && typeof encode === 'function' && typeof decode === 'function';
}

function isCompression(value: unknown): boolean {
  const { compress, decompress } = (value ?? {}) as Partial<CompressionCodec>;
  return typeof compress === 'function' && typeof decompress === 'function';
}

/** What it lacks is told by name once it is chosen. */
function isRouting(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
