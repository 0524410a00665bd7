import { expect, it } from 'vitest';
import { KnownValues } from './known-values.js';

it('tells the first values apart, and what comes after as one', () => {
  const values = new KnownValues(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(value => values.told(value))).toEqual([
    'a',
    'b',
    '_OTHER',
    'a',
    '_OTHER',
  ]);
});
