import { describe, expect, it } from 'vitest';
import { DriverError } from '../driver.js';
import { isRefusedCredential } from '../errors.js';
import { connectFailure } from './connect-failure.js';

const ADDRESS = { host: 'kafka', port: 9093 };
const SECRET = 'hunter2';
const TRIED = {
  ssl: true,
  sasl: { mechanism: 'plain', username: 'alice', password: SECRET },
} as const;

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });
/** As platformatic says that a broker refuses a name and password. */
const refusedByPlatformatic = Object.assign(new Error('Connection to kafka:9093 failed.'), {
  code: 'PLT_KFK_NETWORK',
  cause: Object.assign(new Error('SASL authentication failed.'), {
    code: 'PLT_KFK_AUTHENTICATION',
    cause: new AggregateError(
      [
        Object.assign(new Error('SASL authentication failed.'), {
          apiId: 'SASL_AUTHENTICATION_FAILED',
          serverErrorMessage: 'Invalid username or password',
        }),
      ],
      'Received response with error',
    ),
  }),
});
const refusedByKafkajs = Object.assign(new Error('SASL PLAIN authentication failed: Invalid username'), {
  name: 'KafkaJSSASLAuthenticationError',
});

describe('a connection that does not open', () => {
  it.each<[string, unknown, string, string | undefined]>([
    [
      'a password refused',
      refusedByKafkajs,
      'kafka.sasl gives for plain: SASL PLAIN',
      'SASL_AUTHENTICATION_FAILED',
    ],
    ['that, otherwise said', refusedByPlatformatic, 'plain: Invalid username', 'SASL_AUTHENTICATION_FAILED'],
    [
      'an unknown mechanism',
      Object.assign(new Error('x'), { type: 'UNSUPPORTED_SASL_MECHANISM' }),
      'check kafka.sasl.mechanism',
      'SASL_AUTHENTICATION_FAILED',
    ],
    [
      'a stranger’s certificate',
      withCode('unable to verify the first certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
      'kafka.ssl.ca',
      'TLS_HANDSHAKE_FAILED',
    ],
    [
      'a certificate for another name',
      withCode('altnames: DNS:localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'),
      'kafka.ssl.servername',
      'TLS_HANDSHAKE_FAILED',
    ],
    [
      'no certificate of this client',
      withCode(
        '802C:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../x.c',
        'ERR_SSL_X',
      ),
      'kafka.ssl.cert and kafka.ssl.key (bad certificate)',
      'TLS_HANDSHAKE_FAILED',
    ],
    [
      'a port without TLS',
      new Error('Client network socket disconnected before secure TLS connection was established'),
      'check that this port of the broker speaks TLS',
      undefined,
    ],
    ['nobody there', withCode('connect ECONNREFUSED', 'ECONNREFUSED'), 'connect ECONNREFUSED', undefined],
    ['no error', 'gone', 'kafka:9093: gone', undefined],
  ])('tells of %s', (_, cause, words, code) => {
    const failure = connectFailure(ADDRESS, cause, TRIED);
    expect(failure).toMatchObject({ kind: 'retriable', code, cause });
    expect(failure.message).toContain('No connection to kafka:9093: ');
    expect(failure.message).toContain(words);
    expect(failure.message).not.toContain(SECRET);
    expect(isRefusedCredential(failure)).toBe(code !== undefined);
  });

  it('asks what the broker may want that it is not given', () => {
    const closed = new Error('Connection closed');
    expect(connectFailure(ADDRESS, closed, {}).message).toContain(
      'ask for TLS (kafka.ssl) or SASL (kafka.sasl)?',
    );
    expect(connectFailure(ADDRESS, closed, TRIED).message).toMatch(/closed it without an answer$/);
  });

  it('keeps what Parley itself says of it', () => {
    const own = new DriverError('retriable', 'no token', 'SASL_AUTHENTICATION_FAILED');
    const failure = connectFailure(ADDRESS, new Error('outer', { cause: own }), TRIED);
    expect(failure).toMatchObject({ code: own.code, message: 'No connection to kafka:9093: no token' });
  });

  it('is told of an error that is its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(connectFailure(ADDRESS, error, TRIED).message).toContain('round');
  });
});
