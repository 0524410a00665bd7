import { expect, it } from 'vitest';
import type { ReceivedRecord } from '../drivers/driver.js';
import type { RequestHeader } from '../wire/header.js';
import { contextOfRequest } from './context-of-record.js';

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
