import type { ParleyOptions } from '@parley/transport';
import { inject } from 'vitest';
import { PASSWORD, type PLAIN_USERS } from './users.js';

type Kafka = ParleyOptions['kafka'];

/** The ways in which a user may prove who it is. */
export const WAYS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'certificate'] as const;
export type Way = (typeof WAYS)[number];

/** How a user connects in a given way. */
export function credentials(user: (typeof PLAIN_USERS)[number], way: Way): Kafka {
  const { ca, mutual, sasl, identities } = inject('secure');
  if (way === 'certificate') return { brokers: mutual, ssl: { ca, ...identities[user] } };
  if (way === 'oauthbearer') return bearer(user);
  return { brokers: sasl, ssl: { ca }, sasl: { mechanism: way, username: user, password: PASSWORD } };
}

/** As anybody: tokens of this broker need no account. */
export function bearer(user: string): Kafka {
  const { ca, sasl } = inject('secure');
  const oauthBearerProvider = async () => ({ value: token(user) });
  return { brokers: sasl, ssl: { ca }, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
}

/** Ends up in every token, and nowhere else. */
export const IN_TOKENS = 'bm9ib2R5LW1heS1zZWUtdGhpcy1jbGFpbS1vZi1hLXRva2Vu';

/** An unsigned token, which only a broker in a test takes. */
export function token(user: string, secondsLeft = 3600): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: user, iat: now - 60, exp: now + secondsLeft };
  return `${encoded({ alg: 'none', kid: IN_TOKENS })}.${encoded(claims)}.`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
