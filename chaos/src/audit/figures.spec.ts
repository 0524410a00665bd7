import { describe, expect, it } from 'vitest';
import type { Entry } from '../journal/entry.js';
import { callFigures, eventFigures } from './figures.js';

const asked = (call: string, at: number): Entry => ({
  is: 'asked',
  at,
  question: { call, kind: 'quick' },
  withinMs: 1,
});
const ended = (call: string, at: number, status?: string): Entry => ({ is: 'ended', at, call, status });

describe('figures', () => {
  it('count calls by kind and outcome', () => {
    const entries = [asked('a', 0), asked('b', 1), asked('c', 2), asked('d', 3)];
    const ends = [ended('a', 10), ended('b', 5), ended('c', 9, 'UNAVAILABLE')];
    expect([...callFigures([{ process: 'p', entries: [...entries, ...ends] }])]).toEqual([
      ['quick', { calls: 4, answeredMs: [4, 10], failed: new Map([['UNAVAILABLE', 1]]) }],
    ]);
  });

  it('count events, and what was handled again', () => {
    const handled = (service: string, n: number): Entry => ({ is: 'handled', at: 0, service, key: 'k', n });
    const servers = [
      { process: 's', entries: [handled('a', 0), handled('b', 0), handled('a', 0), handled('a', 1)] },
    ];
    const callers = [
      {
        process: 'c',
        entries: [
          { is: 'acknowledged', at: 0, key: 'k', n: 0, partition: 0, offset: 0 },
          { is: 'refused', at: 0, key: 'k', n: 1, status: 'UNAVAILABLE', message: '' },
        ] satisfies Entry[],
      },
    ];
    expect(eventFigures(callers, servers)).toEqual({
      acknowledged: 1,
      refused: new Map([['UNAVAILABLE', 1]]),
      handled: 3,
      again: 1,
    });
  });
});
