import { z } from 'zod';
import { COMPRESSION_NAMES } from '../drivers/compression/codec.js';
import type { CompressionCodec } from '../drivers/compression/codec.js';
import { DRIVER_NAMES } from '../drivers/drivers.js';
import type { ParleyHook } from '../hooks/parley-hook.js';
import { nestKafkaSchema } from '../interop/nest-options.js';
import type { DriverFactory } from '../link/link-options.js';
import { MAX_PULSE_INTERVAL_MS } from '../link/peer.js';
import type { Routing } from '../routing/routing.js';
import type { Codec } from '../wire/codec.js';
import { kafkaSecurity } from './kafka-security.js';
import { policiesSchema } from './policy-options.js';

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

/** What a ParleyServer takes. */
export const serverSchema = z.strictObject({
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

/** What a ParleyClient takes. */
export const clientSchema = serverSchema.extend({
  to: name,
  transport: z.enum(['parley', 'nest-kafka']).optional(),
});

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
