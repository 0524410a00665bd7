import { describe, expect, it } from 'vitest';
import { bearerToken } from './bearer.js';

describe('bearerToken', () => {
  it.each([
    [{ headers: { authorization: 'Bearer a.b.c' } }, 'a.b.c'],
    [{ headers: { authorization: 'bearer  a.b.c' } }, 'a.b.c'],
    [{ headers: {}, query: { access_token: 'q' } }, 'q'],
    [{ headers: { authorization: 'Bearer h' }, query: { access_token: 'q' } }, 'h'],
    [{ headers: { authorization: 'Basic a.b.c' } }, undefined],
    [{ headers: { authorization: 'Bearer' } }, undefined],
    [{ headers: { authorization: 'Bearer a b' } }, undefined],
    [{ headers: {}, query: { access_token: ['a', 'b'] } }, undefined],
    [{ headers: {}, query: { access_token: '' } }, undefined],
    [{ headers: {} }, undefined],
  ])('of %j is %s', (request, token) => {
    expect(bearerToken(request)).toBe(token);
  });
});
