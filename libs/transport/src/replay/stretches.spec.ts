import { describe, expect, it } from 'vitest';
import { stretchesOf, type Wanted } from './stretches.js';

const extents = [
  { partition: 0, start: 10, end: 20 },
  { partition: 1, start: 0, end: 5 },
];
const stretches = (wanted: Partial<Wanted>) =>
  stretchesOf(extents, { from: 'earliest', byTime: false, ...wanted }).map(
    ({ partition, from, to, truncated }) => `${partition}: ${from}-${to}${truncated ? ' truncated' : ''}`,
  );

describe('the stretches of a replay', () => {
  it.each<[string, Partial<Wanted>, string[]]>([
    ['go from where the logs begin to their ends', {}, ['0: 10-20', '1: 0-5']],
    ['begin at offsets, of those that are named', { from: { 0: 15 } }, ['0: 15-20']],
    ['say where a log begins later', { from: { 0: 3, 1: 0 } }, ['0: 10-20 truncated', '1: 0-5']],
    [
      'may have begun earlier where a time is the log’s first',
      { from: { 0: 10, 1: 0 }, byTime: true },
      ['0: 10-20 truncated', '1: 0-5'],
    ],
    ['end before an offset, those not named at their ends', { to: { 0: 12 } }, ['0: 10-12', '1: 0-5']],
    ['never go past the ends', { from: { 0: 99 }, to: { 0: 100 } }, ['0: 20-20']],
    ['are empty where the end is before the beginning', { from: { 0: 15 }, to: { 0: 11 } }, ['0: 15-15']],
  ])('%s', (_, wanted, expected) => {
    expect(stretches(wanted)).toEqual(expected);
  });

  it.each<[Partial<Wanted>, string]>([
    [{ from: { 7: 0 } }, 'from names partition 7, and the topic has 2, from 0 on'],
    [{ from: { 0: -1 } }, 'from of partition 0 must be an offset, 0 or more; got -1'],
    [{ to: { 1: 1.5 } }, 'to of partition 1 must be an offset, 0 or more; got 1.5'],
  ])('%j is refused', (wanted, message) => {
    expect(() => stretches(wanted)).toThrow(message);
  });
});
