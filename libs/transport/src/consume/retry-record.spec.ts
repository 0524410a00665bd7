import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { ReceivedRecord } from '../drivers/driver.js';
import { readRetry, RETRY_HEADERS, retryRecord, type Retry } from './retry-record.js';

const EVENT: ReceivedRecord = {
  topic: 'order',
  partition: 2,
  offset: 17,
  timestamp: 1_790_000_000_000,
  key: Buffer.from('k'),
  value: null,
  headers: { parley: Buffer.from('1 event'), tenant: Buffer.from('blue') },
};
const RETRY: Retry = {
  handler: 'Orders.ship',
  hop: 1,
  attempts: 4,
  firstFailedAt: new Date('2026-11-21T10:00:00.000Z'),
  dueAt: new Date('2026-11-21T10:00:10.500Z'),
};

/** As it comes back from a retry topic. */
function onRetryTopic(headers: Record<string, string> = {}): ReceivedRecord {
  const { key, value, ...letter } = retryRecord(EVENT, RETRY);
  const all = Object.entries({ ...letter.headers, ...headers });
  return {
    topic: 'order.shop.retry.10s',
    partition: 0,
    offset: 3,
    timestamp: 0,
    key,
    value,
    headers: Object.fromEntries(all.map(([name, text]) => [name, Buffer.from(text)])),
  };
}

describe('an event on a retry topic', () => {
  it('is read as it was written, in its first place', () => {
    expect(readRetry(onRetryTopic())).toEqual({ event: EVENT, retry: RETRY });
  });

  it('may have been there before', () => {
    const again = retryRecord({ ...EVENT, headers: onRetryTopic().headers }, { ...RETRY, hop: 2 });
    expect(again.headers[RETRY_HEADERS.hop]).toBe('2');
  });

  test.prop([fc.constantFrom(...Object.values(RETRY_HEADERS)), fc.string()])(
    'is whole or none of ours, whatever its headers say',
    (name, text) => {
      const read = readRetry(onRetryTopic({ [name]: text }));
      if (!read) return;
      const { event, retry } = read;
      for (const number of [event.partition, event.offset, event.timestamp, retry.hop, retry.attempts])
        expect(Number.isSafeInteger(number)).toBe(true);
      expect(retry.dueAt.toISOString()).toMatch(/Z$/);
    },
  );

  it('is none of ours where it names a handler that no dead letter could name', () => {
    const handler = 'x'.repeat(100_000);
    expect(readRetry(onRetryTopic({ [RETRY_HEADERS.handler]: handler }))).toBeUndefined();
  });

  it('is none of ours without one of its headers', () => {
    for (const name of Object.values(RETRY_HEADERS)) {
      const { [name]: _without, ...headers } = onRetryTopic().headers;
      expect(readRetry({ ...onRetryTopic(), headers })).toBeUndefined();
    }
  });
});
