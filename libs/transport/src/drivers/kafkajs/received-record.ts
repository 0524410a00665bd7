import type { KafkaMessage } from 'kafkajs';
import type { ReceivedRecord } from '../driver.js';

/** A record as kafkajs's own decoder gives it. */
export function receivedRecord(
  { topic, partition }: { topic: string; partition: number },
  { offset, timestamp, key, value, headers }: KafkaMessage,
): ReceivedRecord {
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: plainHeaders(headers),
  };
}

function plainHeaders(headers: KafkaMessage['headers']): Record<string, Buffer> {
  const plain: Record<string, Buffer> = {};
  for (const [name, values] of Object.entries(headers ?? {})) {
    const value = Array.isArray(values) ? values.at(-1) : values;
    plain[name] = Buffer.isBuffer(value) ? value : Buffer.from(value ?? '');
  }
  return plain;
}
