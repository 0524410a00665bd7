import { expect, it } from 'vitest';
import { weightOf } from './record-weight.js';

it('a record weighs what its key, its value and its headers do', () => {
  const headers = { abc: Buffer.alloc(10), d: Buffer.alloc(0) };
  expect(weightOf({ key: Buffer.alloc(5), value: Buffer.alloc(100), headers })).toBe(5 + 100 + 13 + 1);
  expect(weightOf({ key: null, value: null, headers: {} })).toBe(0);
});
