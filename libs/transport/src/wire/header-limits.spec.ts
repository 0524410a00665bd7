import { describe, expect, it } from 'vitest';
import { checkHeaders } from './header-limits.js';
import { WireError } from './wire-error.js';

describe('the headers of a record', () => {
  const limits = { count: 3, bytes: 20 };
  const headers = (...values: string[]) =>
    Object.fromEntries(values.map((value, index) => [`h${index}`, Buffer.from(value)]));

  it('may be as many and as large as the limits say', () => {
    expect(() => checkHeaders({}, limits)).not.toThrow();
    expect(() => checkHeaders(headers('a', 'b', 'x'.repeat(12)), limits)).not.toThrow();
  });

  it.each([
    [headers('a', 'b', 'c', 'd'), 'it has 4 headers; the limit is 3 (maxHeaders)'],
    [headers('x'.repeat(19)), 'its headers weigh 21 bytes; the limit is 20 (maxHeaderBytes)'],
  ])('beyond them are refused: %#', (beyond, message) => {
    expect(() => checkHeaders(beyond, limits)).toThrow(new WireError(message));
  });
});
