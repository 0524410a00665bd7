import { UnauthorizedException } from '@nestjs/common';
import type { Account, Identity, Session } from '@parley-apps/contracts';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { SigningKey } from './signing-key.js';

/** How long a token is good for. */
export const TOKEN_LIFETIME_S = 12 * 60 * 60;

const ISSUER = 'parley-sample';

/** Signs tokens and tells whom a token speaks for. The clock gives milliseconds since 1970. */
export class Tokens {
  constructor(
    private readonly key: SigningKey,
    private readonly clock: () => number = Date.now,
  ) {}

  async issue(account: Account): Promise<Session> {
    const issuedAt = Math.floor(this.clock() / 1000);
    const expiresAt = issuedAt + TOKEN_LIFETIME_S;
    const token = await new SignJWT({ name: account.name })
      .setProtectedHeader({ alg: this.key.algorithm })
      .setIssuer(ISSUER)
      .setSubject(account.id)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.key.sign);
    return { token, userId: account.id, name: account.name, expiresAt: isoTime(expiresAt) };
  }

  /** Throws an UnauthorizedException for a token that is expired, altered or not of this service. */
  async verify(token: string): Promise<Identity> {
    try {
      const { payload } = await jwtVerify<{ name: string }>(token, this.key.verify, {
        algorithms: [this.key.algorithm],
        issuer: ISSUER,
        requiredClaims: ['sub', 'exp', 'name'],
        currentDate: new Date(this.clock()),
      });
      return { userId: payload.sub ?? '', name: payload.name, expiresAt: isoTime(payload.exp ?? 0) };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      const expired = error instanceof errors.JWTExpired;
      throw new UnauthorizedException(
        expired ? 'The token has expired: log in again' : 'The token is not valid',
      );
    }
  }
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
