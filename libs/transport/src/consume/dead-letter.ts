import type { HeaderValue, ReceivedRecord } from '../drivers/driver.js';

/** The headers that a dead letter adds to those its record had. */
export const DEAD_LETTER_HEADERS = {
  service: 'parley-dead-service',
  topic: 'parley-dead-topic',
  partition: 'parley-dead-partition',
  offset: 'parley-dead-offset',
  attempts: 'parley-dead-attempts',
  cause: 'parley-dead-cause',
  at: 'parley-dead-at',
} as const;

/** A cause is cut to so many characters: it is for people, and headers are not for storage. */
const MAX_CAUSE_LENGTH = 1000;

export interface Death {
  cause: unknown;
  attempts: number;
  service: string;
}

/** A record without a place: the sender's user picks the partition. */
export interface Letter {
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, HeaderValue>>;
}

/** The record as it was, with where it came from and why it could not be handled. */
export function deadLetter(record: ReceivedRecord, death: Death, now: () => Date = () => new Date()): Letter {
  const cause =
    death.cause instanceof Error ? `${death.cause.name}: ${death.cause.message}` : String(death.cause);
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      [DEAD_LETTER_HEADERS.service]: death.service,
      [DEAD_LETTER_HEADERS.topic]: record.topic,
      [DEAD_LETTER_HEADERS.partition]: String(record.partition),
      [DEAD_LETTER_HEADERS.offset]: String(record.offset),
      [DEAD_LETTER_HEADERS.attempts]: String(death.attempts),
      [DEAD_LETTER_HEADERS.cause]: cause.slice(0, MAX_CAUSE_LENGTH),
      [DEAD_LETTER_HEADERS.at]: now().toISOString(),
    },
  };
}
