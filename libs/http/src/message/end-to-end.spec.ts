import { expect, it } from 'vitest';
import { endToEnd } from './end-to-end.js';

it('leaves out what speaks of one connection, and what that connection names', () => {
  const fields = [
    'Connection',
    'close, X-Hop',
    'x-hop',
    '1',
    'Transfer-Encoding',
    'chunked',
    'Expect',
    '100-continue',
  ];
  expect(endToEnd([...fields, 'Cookie', 'a=1', 'X-Forwarded-For', '::1'])).toEqual([
    'Cookie',
    'a=1',
    'X-Forwarded-For',
    '::1',
  ]);
});
