import { describe, expect, it } from 'vitest';
import { connectionOptions } from './settings.js';

const KAFKA = { brokers: ['a:1'], clientId: 'x' };

describe('connection options', () => {
  it('are plain text without authentication by default, and never time requests out by themselves', () => {
    expect(connectionOptions(KAFKA, 'a')).toEqual({
      connectTimeout: 3_000,
      requestTimeout: 2_147_483_647,
      maxInflights: 100_000,
    });
  });

  it('name the host for TLS, but never an address', () => {
    expect(connectionOptions({ ...KAFKA, ssl: true }, 'kafka')).toMatchObject({
      tls: {},
      tlsServerName: true,
    });
    expect(connectionOptions({ ...KAFKA, ssl: true }, '10.0.0.1').tlsServerName).toBe(false);
    const ssl = { servername: 'other' };
    expect(connectionOptions({ ...KAFKA, ssl }, '10.0.0.1')).toMatchObject({
      tls: ssl,
      tlsServerName: 'other',
    });
  });

  it.each([
    ['plain', 'PLAIN'],
    ['scram-sha-256', 'SCRAM-SHA-256'],
    ['scram-sha-512', 'SCRAM-SHA-512'],
  ] as const)('take %s for %s', (mechanism, name) => {
    const sasl = { mechanism, username: 'u', password: 'p' };
    expect(connectionOptions({ ...KAFKA, sasl }, 'a').sasl).toEqual({
      mechanism: name,
      username: 'u',
      password: 'p',
    });
  });

  it('ask for an OAuth token at each connection', async () => {
    let tokens = 0;
    const oauthBearerProvider = async () => ({ value: `token-${++tokens}` });
    const { sasl } = connectionOptions(
      { ...KAFKA, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } },
      'a',
    );
    expect(sasl?.mechanism).toBe('OAUTHBEARER');
    const token = sasl?.token as () => Promise<string>;
    expect([await token(), await token()]).toEqual(['token-1', 'token-2']);
  });
});
