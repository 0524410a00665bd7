import { KafkaParser } from '@nestjs/microservices';
import { KafkaRequestSerializer } from '@nestjs/microservices/serializers/kafka-request.serializer.js';
import type { HeaderValue } from '../drivers/driver.js';

/** What Nest's built-in transport puts into one record. */
export interface NestRecord {
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, HeaderValue>;
}

/** The built-in's own classes, so that values are written and read as it does, whatever its version. */
const serializer = new KafkaRequestSerializer();
const parser = new KafkaParser();

/**
 * A value as the built-in writes it: objects and lists as JSON, all else as text without quotes, undefined as no value;
 * of an object that has `key` or `value` only these and its `headers`. Raises where JSON cannot hold it.
 */
export function writeNestValue(data: unknown): NestRecord {
  // The serializer writes into what it is given.
  const given = typeof data === 'object' && data !== null && ('key' in data || 'value' in data);
  const { key, value, headers } = serializer.serialize(given ? { ...data } : data) as {
    key?: Buffer | string | null;
    value: Buffer | string | null;
    headers: Record<string, unknown>;
  };
  return { key: bytesOf(key), value: bytesOf(value), headers: headersOf(headers) };
}

/** A value as the built-in reads it: JSON where it begins like an object or a list, else text; numbers are text too. */
export function readNestValue(bytes: Buffer | null): unknown {
  return bytes === null ? null : parser.decode(bytes);
}

function bytesOf(encoded: Buffer | string | null | undefined): Buffer | null {
  if (encoded === null || encoded === undefined) return null;
  return typeof encoded === 'string' ? Buffer.from(encoded) : encoded;
}

function headersOf(given: Readonly<Record<string, unknown>>): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(given)) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof last === 'string' || Buffer.isBuffer(last)) headers[name] = last;
  }
  return headers;
}
