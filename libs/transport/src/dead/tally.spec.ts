import { describe, expect, it } from 'vitest';
import { REDRIVE_HEADERS } from './history.js';
import { letter } from './spec/letters.js';
import { summaryOf } from './summary.js';
import { Tally } from './tally.js';

const diedAgain = letter({ headers: { [REDRIVE_HEADERS.count]: '1' } });

describe('a tally', () => {
  it('says of each letter why it is left out', () => {
    const tally = new Tally({ selection: { cause: 'room' }, again: false }, true);
    expect(tally.judge(letter(), false)).toBe(true);
    expect(tally.judge(letter(), true)).toBe(false);
    expect(tally.judge(diedAgain, false)).toBe(false);
    expect(tally.judge({ ...letter(), omitted: ['value'] }, false)).toBe(false);
    expect(tally.judge(letter({ death: { cause: 'other' } }), false)).toBe(false);
    expect(tally.judge(undefined, false)).toBe(false);
    expect(tally.report).toMatchObject({
      matched: 4,
      redrivenBefore: 1,
      diedAgain: 1,
      incomplete: 1,
      strangers: 1,
    });
  });

  it('takes letters that died again where they are asked for', () => {
    expect(new Tally({ selection: {}, again: true }, true).judge(diedAgain, false)).toBe(true);
  });

  it('tells twenty of any number, and counts all', () => {
    const tally = new Tally({ selection: {}, again: false }, false);
    for (let count = 0; count < 50; count += 1) {
      tally.redriven(summaryOf(letter(), true));
      tally.failed(letter().place, { code: 'NOT_FOUND', message: 'topic gone' });
    }
    const { redriven, failed, letters, failures } = tally.report;
    expect([redriven, failed, letters.length, failures.length]).toEqual([50, 50, 20, 20]);
    expect(failures[0]).toEqual({
      id: 'p-user.created.mailer.dead/0/12',
      status: 'NOT_FOUND',
      message: 'topic gone',
    });
  });
});
