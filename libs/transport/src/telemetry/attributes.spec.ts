import { expect, it } from 'vitest';
import { spanName } from './attributes.js';

it.each([
  ['user.calls', 'users.find', 'send user.calls users.find'],
  ['shop-users.find', 'users.find', 'send shop-users.find'],
  [undefined, 'users.find', 'send users.find'],
  ['user.created', undefined, 'send user.created'],
])('names a span on %s of %s', (topic, pattern, name) => {
  expect(spanName('send', topic, pattern)).toBe(name);
});
