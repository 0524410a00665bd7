import { expect, it } from 'vitest';
import type { ReceivedRecord } from '../drivers/driver.js';
import type { RequestHeader } from '../wire/header.js';
import { contextOfEvent, contextOfRequest } from './context-of-record.js';

it('the context of a stream lets go of the answer that its request came in', () => {
  const answer = Buffer.from('key tenant blue');
  const record = {
    topic: 't',
    partition: 1,
    offset: 2,
    timestamp: Date.now(),
    key: answer.subarray(0, 3),
    value: answer,
    headers: { tenant: answer.subarray(11) },
  } satisfies ReceivedRecord;
  const context = contextOfRequest({ pattern: 'x', timeoutMs: 1000 } as RequestHeader, record);
  context.beginStream();
  answer.fill(0);
  expect(context.key).toBe('key');
  expect(context.headers).toEqual({ tenant: 'blue' });
  expect([context.topic, context.partition, context.offset]).toEqual(['t', 1, 2]);
});

it('the headers of a context are the user’s: what Parley or a forger wrote beside them is not passed on', () => {
  const said = (text: string) => Buffer.from(text);
  const headers = {
    tenant: said('blue'),
    'parley-for-service': said('shop'),
    'parley-retry-attempts': said('9'),
  };
  const record = { topic: 't', partition: 0, offset: 0, timestamp: 0, key: null, value: null, headers };
  expect(contextOfEvent(undefined, record, 'p', 1).headers).toEqual({ tenant: 'blue' });
});
