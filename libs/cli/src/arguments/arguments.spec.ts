import { describe, expect, it } from 'vitest';
import { count } from './count.js';
import { duration } from './duration.js';
import { list } from './list.js';
import { byName, pairs } from './pair.js';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
  ])('%s is %d ms', (text, ms) => expect(duration(text)).toBe(ms));

  it.each(['', '5', 'h', '-1h', '1.5h', '1w', '1h ', '9999999999d'])('is not %j', text =>
    expect(() => duration(text)).toThrow('90s, 30m, 12h or 7d'),
  );
});

describe('a count', () => {
  it('is a whole number above 0', () => expect(count('12')).toBe(12));

  it.each(['', '0', '-1', '1.5', '1e3', 'x', '99999999999'])('is not %j', text =>
    expect(() => count(text)).toThrow('whole number above 0'),
  );
});

describe('a list', () => {
  it('is what is between commas, of one option or several', () =>
    expect(list('c', list('a, b,'))).toEqual(['a', 'b', 'c']));
});

describe('pairs', () => {
  it('are a name and what belongs to it, each name with all that does', () => {
    const given = pairs('a:3', pairs('a:1, b:2'));
    expect([...byName(given)]).toEqual([
      ['a', ['1', '3']],
      ['b', ['2']],
    ]);
  });

  it('have a value that may hold a colon', () => expect(pairs('a:b:c')).toEqual([['a', 'b:c']]));

  it.each(['', 'a', 'a:', ':a', 'a b:c', 'a:1,'])('are not %j', text =>
    expect(() => pairs(text)).toThrow('name:value'),
  );
});
