import { describe, expect, it } from 'vitest';
import { readNestValue, writeNestValue } from './nest-value.js';

describe('values as the built-in has them', () => {
  it.each<[unknown, string | null]>([
    [{ a: 1 }, '{"a":1}'],
    [[1, 'b'], '[1,"b"]'],
    [42, '42'],
    [true, 'true'],
    ['text', 'text'],
    [null, null],
    [undefined, null],
  ])('are written: %j', (data, text) => {
    expect(writeNestValue(data)).toEqual({
      key: null,
      value: text === null ? null : Buffer.from(text),
      headers: {},
    });
  });

  it('of an object with a value are that value, its key and its headers, and the object stays as it is', () => {
    const data = { key: 'k', value: { a: 1 }, headers: { tenant: 'blue', ignored: 1 }, other: 2 };
    expect(writeNestValue(data)).toEqual({
      key: Buffer.from('k'),
      value: Buffer.from('{"a":1}'),
      headers: { tenant: 'blue' },
    });
    expect(data).toEqual({ key: 'k', value: { a: 1 }, headers: { tenant: 'blue', ignored: 1 }, other: 2 });
  });

  it.each<[string, unknown]>([
    ['{"a":1}', { a: 1 }],
    ['[1]', [1]],
    ['42', '42'],
    ['{broken', '{broken'],
  ])('are read: %s', (text, data) => expect(readNestValue(Buffer.from(text))).toEqual(data));
});
