import { describe, expect, it } from 'vitest';
import { decodeStatusBody, encodeStatusBody } from './status-body.js';
import { httpStatusOf, STATUS_CODES, statusOfHttp } from './status.js';

describe('statuses', () => {
  it('all have an HTTP status that is valid', () => {
    for (const code of STATUS_CODES) expect(httpStatusOf(code)).toBeGreaterThanOrEqual(200);
  });

  it.each([
    [404, 'NOT_FOUND'],
    [409, 'ALREADY_EXISTS'],
    [418, 'FAILED_PRECONDITION'],
    [502, 'INTERNAL'],
    [204, 'OK'],
    [302, 'UNKNOWN'],
  ] as const)('HTTP %i is %s', (http, code) => expect(statusOfHttp(http)).toBe(code));

  it('keep message, details and HTTP outcome over the wire', () => {
    const status = {
      code: 'NOT_FOUND' as const,
      message: 'no such user',
      details: { id: 7 },
      http: { status: 404, response: { a: 1 } },
    };
    expect(decodeStatusBody('NOT_FOUND', encodeStatusBody(status))).toStrictEqual(status);
  });

  it('keep the message where the details cannot be written', () => {
    const status = { code: 'INTERNAL' as const, message: 'm', details: { n: 1n } };
    expect(decodeStatusBody('INTERNAL', encodeStatusBody(status))).toMatchObject({ message: 'm' });
  });

  it.each(['', 'null', '[]', '{"message":7,"http":{"status":9,"response":"x"}}', '"x"'])(
    'survive a body of %j',
    body => {
      expect(decodeStatusBody('ABORTED', Buffer.from(body)).code).toBe('ABORTED');
      expect(decodeStatusBody('ABORTED', Buffer.from(body)).http).toBeUndefined();
    },
  );
});
