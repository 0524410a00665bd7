import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { joinMessage, MAX_FIELDS, MAX_HEAD_BYTES, splitMessage } from './head.js';

const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
const value = fc.stringMatching(/^[\x21-\x7e\x80-\xff]{0,40}$/);
const fields = fc.array(fc.tuple(name, value), { maxLength: 20 }).map(pairs => pairs.flat());
const NOTHING = Buffer.alloc(0);

describe('a message', () => {
  test.prop([fields, fc.uint8Array()])('arrives as it was sent', (sent, body) => {
    const message = joinMessage({ startLine: 'GET / HTTP/1.1', fields: sent }, Buffer.from(body));
    expect(splitMessage(message)).toEqual({
      startLine: 'GET / HTTP/1.1',
      fields: sent,
      body: Buffer.from(body),
    });
  });

  test.prop([fc.uint8Array({ maxLength: 200 })])('of any bytes is read, or refused in words', bytes => {
    try {
      splitMessage(Buffer.from(bytes));
    } catch (error) {
      expect(error).toMatchObject({ name: 'MalformedMessage' });
    }
  });

  it.each([
    ['a line break in a value', ['x', 'a\r\nset-cookie: b']],
    ['a line break in a name', ['x\r\ny', 'a']],
    ['no name', ['', 'a']],
    ['a character that no byte holds', ['x', '€']],
  ])('is not made of %s', (_what, bad) => {
    expect(() => joinMessage({ startLine: 'GET / HTTP/1.1', fields: bad }, NOTHING)).toThrow(
      expect.objectContaining({ name: 'MalformedMessage', status: 400 }) as Error,
    );
  });

  it('is refused where its head has no end, is too large or has too many lines', () => {
    const head = (text: string) => () => splitMessage(Buffer.from(text));
    expect(head('GET / HTTP/1.1\r\nx: y\r\n')).toThrow('has no end');
    expect(head(`GET / HTTP/1.1\r\nx: ${'y'.repeat(MAX_HEAD_BYTES)}\r\n\r\n`)).toThrow('weigh more than');
    expect(head(`GET / HTTP/1.1\r\n${'x:\r\n'.repeat(MAX_FIELDS + 1)}\r\n`)).toThrow('2001 headers');
    expect(head('GET / HTTP/1.1\r\nno colon\r\n\r\n')).toThrow('is no header');
  });
});
