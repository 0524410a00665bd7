import { describe, expect, it } from 'vitest';
import { topicPerPattern } from '../routing/topic-per-pattern.js';
import { checkDescription, namesOf } from './service-description.js';

describe('the description of a service', () => {
  it('is taken as it is', () => {
    const description = {
      service: 'orders',
      prefix: 'p-',
      routing: 'topic-per-pattern',
      provision: 'verify',
      answers: ['get'],
      calledBy: ['web'],
      calls: ['user', { service: 'stock', patterns: ['price'], transport: 'nest-kafka' }],
      waitForReady: false,
      emits: ['made'],
      subscribes: ['left', { event: 'came', delaysMs: [10], broadcast: false }],
      nestKafka: { group: 'orders-server' },
    };
    expect(checkDescription(description)).toEqual(description);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /all of it: /],
    [{}, /service: /],
    [{ service: '' }, /service: is empty/],
    [{ service: 'a', kafka: {} }, /Unrecognized key: "kafka"/],
    [{ service: 'a', provision: 'maybe' }, /provision: /],
    [{ service: 'a', routing: 'by-feeling' }, /routing: /],
    [{ service: 'a', calls: [{ service: 'b', patterns: [] }] }, /calls\.0/],
    [{ service: 'a', subscribes: [{ event: 'e', delaysMs: [-1] }] }, /subscribes\.0/],
    [{ service: 'a', nestKafka: { group: 'a b' } }, /nestKafka\.group: must be letters/],
  ])('is refused, and what is at fault named: %j', (description, why) => {
    expect(() => checkDescription(description)).toThrow(TypeError);
    expect(() => checkDescription(description)).toThrow(why);
  });

  it('names topics as its routing does', () => {
    expect(namesOf({ service: 'a', prefix: 'p-' }).calls('a', 'get')).toBe('p-a.calls');
    expect(namesOf({ service: 'a', prefix: 'p-', routing: 'topic-per-pattern' }).calls('a', 'get')).toBe(
      'p-get',
    );
    const own = topicPerPattern('own-');
    expect(namesOf({ service: 'a', routing: own })).toBe(own);
  });
});
