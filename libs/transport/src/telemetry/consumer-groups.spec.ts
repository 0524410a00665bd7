import { expect, it } from 'vitest';
import { ConsumerGroups } from './consumer-groups.js';

it('names the group of a topic, and an instance’s own alike for all instances', () => {
  const groups = new ConsumerGroups('i7');
  expect(groups.add('user.events', ['a', 'b'])).toBe('user.events');
  expect(groups.add('user.events.i7', ['b'])).toBe('user.events.*');
  expect([groups.of('a'), groups.of('b'), groups.of('b', true)]).toEqual([
    'user.events',
    'user.events',
    'user.events.*',
  ]);
  expect([groups.of('user.inbox'), groups.of('a', true)]).toEqual([undefined, undefined]);
});
