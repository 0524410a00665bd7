import { expect, it } from 'vitest';
import { Refusals } from './refusals.js';

it('what is refused is told when it begins, and once a minute while it lasts', () => {
  const told: string[] = [];
  let now = 0;
  const refusals = new Refusals(
    message => told.push(message),
    () => now,
  );
  const write = { code: 'TOPIC_AUTHORIZATION_FAILED', message: 'no right to write' };
  for (let times = 0; times < 100; times += 1) refusals.add('a', write);
  refusals.add('b', write);
  refusals.add('a', { message: 'no disk' });
  expect(told).toEqual([
    'Kafka refuses what is sent to a: no right to write',
    'Kafka refuses what is sent to b: no right to write',
    'Kafka refuses what is sent to a: no disk',
  ]);
  now = 60_000;
  refusals.add('a', { ...write, message: 'no right to write, in another partition' });
  expect(told).toHaveLength(4);
});
