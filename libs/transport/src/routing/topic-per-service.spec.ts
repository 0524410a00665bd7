import { describe, expect, it } from 'vitest';
import { topicPerService } from './topic-per-service.js';

describe('topic per service', () => {
  const names = topicPerService('dev-');

  it.each([
    [500, 'dev-order.shop.retry.500ms'],
    [1000, 'dev-order.shop.retry.1s'],
    [1500, 'dev-order.shop.retry.1500ms'],
    [90_000, 'dev-order.shop.retry.90s'],
    [300_000, 'dev-order.shop.retry.5m'],
    [7_200_000, 'dev-order.shop.retry.2h'],
  ])('names the retry topic of a delay of %i ms %s', (delayMs, name) => {
    expect(names.retry(names.event('order'), 'shop', delayMs)).toBe(name);
  });

  it('keeps these names for itself', () => {
    expect(() => names.event('order.shop.retry.1s')).toThrow('a suffix that Parley keeps');
    expect(names.retriesGroup('shop')).toBe('dev-shop.retries');
  });
});
