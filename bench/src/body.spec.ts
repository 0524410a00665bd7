import { describe, expect, it } from 'vitest';
import { body, BODY_BYTES, isSame } from './body.js';

describe('body', () => {
  it.each([0, 1, 99_999, 899_999, 900_000, 12_345_678])('has 100 bytes as JSON for index %i', index => {
    expect(JSON.stringify(body(index))).toHaveLength(BODY_BYTES);
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
