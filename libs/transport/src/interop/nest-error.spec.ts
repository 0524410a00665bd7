import { describe, expect, it } from 'vitest';
import { ParleyException } from '../exceptions/parley-exception.js';
import { readNestError, writeNestError } from './nest-error.js';

const INTERNAL = '{"status":"error","message":"Internal server error"}';

describe('errors as the built-in has them', () => {
  it.each<[string, unknown, string]>([
    ['what a filter made', { status: 'error', message: 'no' }, '{"status":"error","message":"no"}'],
    ['text', 'no', 'no'],
    [
      'a ParleyException',
      new ParleyException('NOT_FOUND', 'gone', { id: 7 }),
      '{"status":"NOT_FOUND","statusCode":404,"message":"gone","details":{"id":7}}',
    ],
    ['an error that no filter saw', new Error('secret'), INTERNAL],
    ['a number', 42, INTERNAL],
    ['nothing', undefined, INTERNAL],
    ['what is no JSON', { big: 1n }, INTERNAL],
  ])('are written: %s', (_name, error, header) => expect(writeNestError(error).toString()).toBe(header));

  it.each<[string, string, object]>([
    [
      'an object with a status',
      '{"status":"NOT_FOUND","message":"gone"}',
      { code: 'NOT_FOUND', message: 'gone' },
    ],
    ['an HTTP status', '{"statusCode":409,"message":"twice"}', { code: 'ALREADY_EXISTS', message: 'twice' }],
    [
      'what the filter makes of text',
      '{"status":"error","message":"no"}',
      { code: 'UNKNOWN', message: 'no' },
    ],
    [
      'an object of the user’s own',
      '{"status":"error","message":"no","id":7}',
      { code: 'UNKNOWN', message: 'no', details: { status: 'error', message: 'no', id: 7 } },
    ],
    ['text', 'no', { code: 'UNKNOWN', message: 'no' }],
    ['the filter’s default', INTERNAL, { code: 'INTERNAL' }],
    [
      'no handler',
      'There is no matching message handler defined in the remote service.',
      { code: 'UNIMPLEMENTED' },
    ],
    ['broken JSON', '{broken', { code: 'UNKNOWN', message: '{broken' }],
  ])('become a status: %s', (_name, header, status) =>
    expect(readNestError(Buffer.from(header))).toMatchObject(status),
  );
});
