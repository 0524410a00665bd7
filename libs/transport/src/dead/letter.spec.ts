import { describe, expect, it } from 'vitest';
import { keptLetter, letterId, placeOfId } from './letter.js';
import { letter, letterRecord, NAMES } from './spec/letters.js';

describe('a kept letter', () => {
  it('is one of the service that belongs to its topic', () => {
    expect(letter()).toMatchObject({ service: 'mailer', redrives: 0, history: [], place: { offset: 12 } });
    expect(keptLetter(letterRecord(), 'counter', NAMES)).toBeUndefined();
  });

  it('is none where it would have itself put on another topic than its letters are of', () => {
    for (const topic of ['p-orders', 'p-user.calls', '', 'no/topic', 'x'.repeat(249)]) {
      const record = letterRecord({ death: { origin: { topic, partition: 0, offset: 0 } } });
      expect(keptLetter(record, 'mailer', NAMES)).toBeUndefined();
    }
  });

  it('has an id that names its place', () => {
    const { place } = letter();
    expect(letterId(place)).toBe('p-user.created.mailer.dead/0/12');
    expect(placeOfId(letterId(place))).toEqual(place);
  });

  it.each(['', 'topic', 'topic/0', 'topic/0/-1', 'topic/0/x', '/0/1', 'a/0/1/2', 'a/0/9999999999999999'])(
    'is not named by %j',
    id =>
      expect(() => placeOfId(id)).toThrow(/names no dead letter: an id is <topic>\/<partition>\/<offset>/),
  );
});
