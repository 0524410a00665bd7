import { describe, expect, it } from 'vitest';
import { deadTopicNames } from './dead-topics.js';
import { NAMES } from './spec/letters.js';

const of = { service: 'mailer', prefix: 'p-', names: NAMES };
const TOPICS = [
  'p-user.created',
  'p-user.created.mailer.dead',
  'p-user.created.counter.dead',
  'p-user.left',
  'p-user.left.mailer.dead',
  'p-quiet',
  'user.created',
  'user.created.mailer.dead',
  `p-${'x'.repeat(245)}`,
];

describe('the dead letter topics of a service', () => {
  it('are those of its topics, of its prefix', () => {
    expect([...deadTopicNames(TOPICS, of)]).toEqual([
      ['p-user.created', 'p-user.created.mailer.dead'],
      ['p-user.left', 'p-user.left.mailer.dead'],
    ]);
  });

  it.each(['user.left', 'p-user.left', 'p-user.left.mailer.dead'])(
    'are one where %s is asked for',
    wanted => {
      expect([...deadTopicNames(TOPICS, of, wanted).keys()]).toEqual(['p-user.left']);
    },
  );

  it('are those too of topics that were deleted', () => {
    const topics = TOPICS.filter(topic => topic !== 'p-user.left');
    expect(deadTopicNames(topics, of).get('p-user.left')).toBe('p-user.left.mailer.dead');
  });

  it('are found by a routing that adds nothing to names', () => {
    const names = { ...NAMES, dead: (topic: string) => `graveyard-of-${topic}` };
    expect([...deadTopicNames(['p-a', 'p-b', 'graveyard-of-p-a'], { ...of, names })]).toEqual([
      ['p-a', 'graveyard-of-p-a'],
    ]);
  });

  it('are none where a topic without letters is asked for', () => {
    expect(deadTopicNames(TOPICS, of, 'quiet').size).toBe(0);
  });
});
