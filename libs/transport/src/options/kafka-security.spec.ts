import { Authority, type Identity } from '@parley/tools/kafka/secured';
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveServerOptions } from './resolve-options.js';

const SECRET = 'hunter2-of-the-cluster';

describe('options that keep a connection secret', () => {
  let ca: string;
  let identity: Identity;
  beforeAll(async () => {
    const authority = await Authority.create('authority');
    ca = authority.cert;
    identity = await authority.issue('user');
  });

  const resolve = (kafka: object) =>
    resolveServerOptions({ service: 'user', kafka: { brokers: 'a:9093', ...kafka } }).link.kafka;

  /** What is raised, which never holds a secret. */
  function refusal(kafka: object): string {
    let message = '';
    try {
      resolve(kafka);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      ({ message } = error as TypeError);
    }
    expect(message).not.toContain(SECRET);
    return message;
  }

  it('are taken as they are', async () => {
    const password = { username: 'alice', password: SECRET };
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'])
      expect(resolve({ ssl: true, sasl: { mechanism, ...password } }).sasl).toEqual({
        mechanism,
        ...password,
      });
    const oauthBearerProvider = async () => ({ value: SECRET });
    const sasl = { mechanism: 'oauthbearer', oauthBearerProvider };
    expect(resolve({ sasl }).sasl).toEqual(sasl);
    const ssl = { ca, ...identity, servername: 'kafka', minVersion: 'TLSv1.3' };
    expect(resolve({ ssl }).ssl).toEqual(ssl);
    expect(resolve({ ssl: false }).ssl).toBe(false);
  });

  it.each<[string, object, string]>([
    [
      'an unknown mechanism',
      { sasl: { mechanism: SECRET } },
      'kafka.sasl.mechanism: has to be one of plain, scram',
    ],
    ['no mechanism', { sasl: { username: 'a', password: SECRET } }, 'has to be one of plain, scram'],
    ['text', { sasl: `alice:${SECRET}` }, 'kafka.sasl: has to be one of plain, scram-sha-256'],
    [
      'no password',
      { sasl: { mechanism: 'plain', username: SECRET } },
      'kafka.sasl.password: has to be text; got nothing',
    ],
    [
      'an empty password, as an unset variable gives',
      { sasl: { mechanism: 'plain', username: 'alice', password: '' } },
      'kafka.sasl.password: is empty; got a string',
    ],
    [
      'a number for a password',
      { sasl: { mechanism: 'scram-sha-256', username: 'alice', password: 123456 } },
      'kafka.sasl.password: has to be text; got a number',
    ],
    [
      'a password by another name',
      { sasl: { mechanism: 'plain', username: 'alice', password: 'x', pasword: SECRET } },
      'kafka.sasl: Unrecognized key: "pasword"; got an object',
    ],
    [
      'a token in place of what gives one',
      { sasl: { mechanism: 'oauthbearer', oauthBearerProvider: SECRET } },
      'kafka.sasl.oauthBearerProvider: has to be a function that resolves with { value: <token> }; got a string',
    ],
    ['another name for all of it', { sals: { password: SECRET } }, 'kafka: Unrecognized key: "sals"'],
    ['text for TLS', { ssl: SECRET }, 'kafka.ssl: has to be true, or an object'],
    ['no certificate', { ssl: { ca: SECRET } }, 'kafka.ssl: has a ca that is no certificate'],
    ['no key', { ssl: { cert: SECRET } }, 'kafka.ssl: has a cert without its key; got an object'],
    ['a key only', { ssl: { key: SECRET } }, 'kafka.ssl: has a key without its cert; got an object'],
    ['a key that is none', { ssl: { cert: SECRET, key: SECRET } }, 'kafka.ssl: cannot be used: '],
  ])('are refused where there is %s, by name and without the secret', (_, kafka, why) => {
    expect(refusal(kafka)).toContain(why);
  });

  it('are refused where the key is another certificate’s', async () => {
    const other = await (await Authority.create('other')).issue('user');
    expect(refusal({ ssl: { cert: identity.cert, key: other.key } })).toContain('key values mismatch');
  });
});
