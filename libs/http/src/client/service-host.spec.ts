import { expect, it } from 'vitest';
import { serviceOf } from './service-host.js';

it.each([
  ['user.parley', undefined, 'user'],
  ['a.b.parley', undefined, 'a.b'],
  ['user.svc', '.svc', 'user'],
  ['.parley', undefined, undefined],
  ['parley', undefined, undefined],
  ['user.parley.example.com', undefined, undefined],
])('%s with suffix %s names %s', (host, suffix, service) => {
  expect(serviceOf(host, suffix)).toBe(service);
});
