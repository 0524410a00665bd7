import { describe, expect, it } from 'vitest';
import { readRequestLine, readStatusLine, requestLine } from './start-line.js';

describe('a start line', () => {
  it('arrives as it was sent', () => {
    const asked = { method: 'GET', target: '/users/7?fields=a%20b' };
    expect(readRequestLine(requestLine(asked))).toEqual(asked);
    expect(readStatusLine('HTTP/1.1 404 Not Found')).toEqual({ status: 404, statusText: 'Not Found' });
    expect(readStatusLine('HTTP/1.1 299 ')).toEqual({ status: 299, statusText: '' });
  });

  it.each(['get', 'GET\r\n', '', 'G T'])('is not made of the method %j', method => {
    expect(() => requestLine({ method, target: '/' })).toThrow('is no method');
  });

  it.each(['users', '/a b', '/a\r\nx: y', 'http://x/', ''])('is not made of the path %j', target => {
    expect(() => requestLine({ method: 'GET', target })).toThrow('is no path');
  });

  it.each(['', 'GET /', 'GET / HTTP/2', 'HTTP/1.1 700 x'])('that reads %j is refused', line => {
    expect(() => readRequestLine(line)).toThrow('is no request line');
    expect(() => readStatusLine(line)).toThrow('is no status line');
  });
});
