import type { ProvisionMode } from '../drivers/driver.js';
import type { DriverName } from '../drivers/drivers.js';
import type { KafkaOptions } from '../drivers/kafka-options.js';
import type { ParleyHook } from '../hooks/parley-hook.js';
import type { NestKafkaOptions } from '../interop/nest-options.js';
import type { DriverFactory } from '../link/link-options.js';
import type { SenderOptions } from '../link/sender-options.js';
import type { EventCompression, TopicShape } from '../link/topics.js';
import type { Routing, RoutingName } from '../routing/routing.js';
import type { Codec } from '../wire/codec.js';
import type { PolicyOptions } from './policy-options.js';

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
