import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH, parseJson } from './safe-json.js';
import { WireError } from './wire-error.js';

describe('JSON of anybody', () => {
  test.prop([fc.json(), fc.integer({ min: 1, max: 6 })])(
    'is read as JSON.parse reads it, or refused for its depth',
    (text, maxDepth) => {
      const expected: unknown = JSON.parse(text);
      const attempt = () => parseJson(text, maxDepth);
      if (text.includes('__proto__')) return;
      if (text.length > 2 * maxDepth && depthOf(expected) > maxDepth) expect(attempt).toThrow(WireError);
      else expect(attempt()).toEqual(expected);
    },
  );

  it.each(['[', '{"a":', '[{"a":'])('nests no deeper than the limit: %s', opening => {
    expect(() => parseJson(opening.repeat(200_000))).toThrow(WireError);
    const closed = '['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1);
    expect(() => parseJson(closed)).toThrow('the JSON nests deeper than 1000 (maxJsonDepth)');
    expect(parseJson(closed.slice(1, -1))).toHaveLength(1);
  });

  it('may hold brackets in strings, quotes and backslashes too', () => {
    const value = { text: '['.repeat(5000), quoted: '\\"[["'.repeat(2000), last: '\\' };
    expect(parseJson(JSON.stringify(value), 3)).toEqual(value);
  });

  it('is refused in time that grows with its length, whatever it is', () => {
    const began = performance.now();
    for (const text of ['\\"'.repeat(2_000_000), `"${'\\'.repeat(4_000_000)}`, '"['.repeat(2_000_000)])
      expect(() => parseJson(text)).toThrow();
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it.each(['{"__proto__":{"a":1}}', '[{"x":{"\\u005f_proto__":1}}]', '{"__\\u0070roto__":null}'])(
    'gives no object a prototype: %s',
    text => {
      expect(() => parseJson(text)).toThrow('the JSON has a key __proto__');
    },
  );

  it('may speak of prototypes', () => {
    const value = { text: '__proto__', proto: ['__proto__', '\u0001\u0060'] };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
