import { HEADER_LIMITS } from '../wire/header-limits.js';
import { MAX_JSON_DEPTH } from '../wire/safe-json.js';

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
  /** What closing allows handlers that run and records that wait to be sent, server and clients together. */
  drainTimeoutMs: 10_000,
  /** How often instances that share long calls tell each other that they live; one that stays silent thrice is gone. */
  pulseIntervalMs: 2000,
  partitions: { calls: 6, inbox: 6, events: 6 },
  /** -1: the broker's own default. */
  replication: -1,
} as const;
