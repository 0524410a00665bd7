import { describe, expect, it } from 'vitest';
import { body, BODY_BYTES, bodyWith, isSame } from './body.js';

describe('body', () => {
  it.each([0, 1, 99_999, 899_999, 900_000, 12_345_678])('has 100 bytes as JSON for index %i', index => {
    expect(JSON.stringify(body(index))).toHaveLength(BODY_BYTES);
  });
});

describe('bodyWith', () => {
  it.each([1, 123_456, 100_000_000, 4_099_999_999])('has 100 bytes as JSON for the id %i', id => {
    expect(JSON.stringify(bodyWith(id))).toHaveLength(BODY_BYTES);
  });
});

describe('isSame', () => {
  it.each([undefined, null, 'text', {}, body(2), { ...body(1), text: '' }])(
    'tells %j from what was sent',
    other => {
      expect(isSame(body(1), other)).toBe(false);
    },
  );

  it('accepts a copy', () => {
    expect(isSame(body(1), structuredClone(body(1)))).toBe(true);
  });
});
