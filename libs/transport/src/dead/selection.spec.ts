import { describe, expect, it } from 'vitest';
import { selects, type Selection } from './selection.js';
import { letter } from './spec/letters.js';

const DIED = new Date('2026-11-21T10:00:02.000Z');
const LATER = new Date(DIED.getTime() + 1);

describe('a selection', () => {
  it.each<[Selection, boolean]>([
    [{}, true],
    [{ cause: 'no room' }, true],
    [{ cause: 'typeerror: NO' }, true],
    [{ cause: 'timeout' }, false],
    [{ key: 'k' }, true],
    [{ key: 'K' }, false],
    [{ before: LATER }, true],
    [{ before: DIED }, false],
    [{ after: DIED }, true],
    [{ after: LATER }, false],
    [{ cause: 'room', key: 'other' }, false],
  ])('%j takes the letter: %s', (selection, taken) => expect(selects(selection, letter())).toBe(taken));

  it('by key takes no letter without one', () => {
    expect(selects({ key: '' }, letter({ key: null }))).toBe(false);
  });
});
