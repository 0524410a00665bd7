import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { keyOfJwk, keyOfSecret, newPrivateKey } from './signing-key.js';
import { TOKEN_LIFETIME_S, Tokens } from './tokens.js';

const account = { id: randomUUID(), name: 'ada' };
const SECRET = 'x'.repeat(32);

describe.each([
  ['AUTH_SECRET', () => keyOfSecret(SECRET)],
  ['a generated key', async () => keyOfJwk(await newPrivateKey())],
])('Tokens signed with %s', (_, key) => {
  it('speak for the account they were issued to, until they expire', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const tokens = new Tokens(await key(), () => now);
    const session = await tokens.issue(account);
    await expect(tokens.verify(session.token)).resolves.toEqual({
      userId: account.id,
      name: 'ada',
      expiresAt: '2026-01-01T12:00:00.000Z',
    });
    now += TOKEN_LIFETIME_S * 1000 + 1;
    await expect(tokens.verify(session.token)).rejects.toThrow('expired');
  });

  it('are refused when altered, of another key, or no token at all', async () => {
    const tokens = new Tokens(await key());
    const other = new Tokens(await keyOfJwk(await newPrivateKey()));
    const { token } = await tokens.issue(account);
    const [head, , signature] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ sub: randomUUID(), name: 'eve', exp: 9e9 })).toString(
      'base64url',
    );
    const foreign = (await other.issue(account)).token;
    for (const bad of [`${head}.${forged}.${signature}`, foreign, '', 'a.b.c']) {
      await expect(tokens.verify(bad)).rejects.toMatchObject({
        status: 401,
        message: 'The token is not valid',
      });
    }
  });
});

describe('Tokens', () => {
  it('refuse the algorithm "none" and one of another kind than the key', async () => {
    const tokens = new Tokens(await keyOfJwk(await newPrivateKey()));
    const none = [{ alg: 'none' }, { sub: account.id, name: 'eve', iss: 'parley-sample', exp: 9e9 }]
      .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const hs256 = await new SignJWT({ name: 'eve' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('parley-sample')
      .setSubject(account.id)
      .setExpirationTime('1h')
      .sign(Buffer.from(SECRET));
    await expect(tokens.verify(`${none}.`)).rejects.toThrow('not valid');
    await expect(tokens.verify(hs256)).rejects.toThrow('not valid');
  });
});

describe('keyOfSecret', () => {
  it('refuses a secret too short to be one, and does not repeat it', () => {
    expect(() => keyOfSecret('hunter2')).toThrow('AUTH_SECRET has 7 bytes and needs 32');
    expect(() => keyOfSecret('hunter2')).not.toThrow('hunter2');
  });
});
