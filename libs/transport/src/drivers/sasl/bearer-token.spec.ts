import { describe, expect, it } from 'vitest';
import type { OauthBearer } from '../kafka-options.js';
import { bearerMessage, bearerRefusal, bearerToken } from './bearer-token.js';

describe('a bearer token', () => {
  const from = (provide: () => Promise<unknown>): OauthBearer => ({
    mechanism: 'oauthbearer',
    oauthBearerProvider: provide as OauthBearer['oauthBearerProvider'],
  });

  it('is what the provider resolves with, in the message of RFC 7628', async () => {
    const token = await bearerToken(from(async () => ({ value: 'abc.def' })));
    expect(bearerMessage(token).toString()).toBe('n,,\x01auth=Bearer abc.def\x01\x01');
  });

  it.each([undefined, null, 'abc', {}, { value: '' }, { value: 7 }, { value: 'a\x01b' }, { value: 'a b' }])(
    'is not %j, which is not quoted',
    async given => {
      const asking = bearerToken(from(async () => given));
      await expect(asking).rejects.toMatchObject({
        kind: 'retriable',
        code: 'SASL_AUTHENTICATION_FAILED',
        message: expect.stringMatching(
          /^kafka\.sasl\.oauthBearerProvider gave no token: it has to/,
        ) as string,
      });
      await expect(asking).rejects.not.toThrow(/abc|a b/);
    },
  );

  it('is asked for again where the provider fails', async () => {
    const failing = async () => Promise.reject(new Error('503'));
    await expect(bearerToken(from(failing))).rejects.toMatchObject({ kind: 'retriable', code: undefined });
  });

  it('is taken where the broker answers with nothing, and refused where it answers with anything', () => {
    expect(bearerRefusal(Buffer.alloc(0))).toBeUndefined();
    const refusal = bearerRefusal(Buffer.from('{"status":"invalid_token"}'));
    expect(refusal).toMatchObject({ code: 'SASL_AUTHENTICATION_FAILED' });
    expect(refusal?.message).toContain('(invalid_token)');
    expect(bearerRefusal(Buffer.from('no JSON'))?.message).toContain('refuses the token:');
  });
});
