import type { Handling } from '@parley/transport';

/** Methods with patterns of their own, and whether they may be sent twice (RFC 9110, 9.2.2). */
const IDEMPOTENT: Readonly<Record<string, boolean>> = {
  GET: true,
  HEAD: true,
  OPTIONS: true,
  PUT: true,
  DELETE: true,
  POST: false,
  PATCH: false,
};

const PREFIX = 'parley.http.';
const OTHER = `${PREFIX}other`;

const PATTERNS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(IDEMPOTENT).map(method => [method, PREFIX + method.toLowerCase()]),
);

/** The pattern of a request: one for each usual method, so that policies can tell GET from POST. */
export function patternOf(method: string): string {
  return PATTERNS[method] ?? OTHER;
}

/**
 * Every pattern, and how its handler may be run. A request that must not run twice and may have run, on a server that
 * died, is answered instead of run again.
 */
export function handlings(): [pattern: string, handling: Handling][] {
  const known = Object.entries(IDEMPOTENT).map(([method, idempotent]): [string, Handling] => [
    patternOf(method),
    idempotent ? { idempotent } : { redelivery: 'fail' },
  ]);
  return [...known, [OTHER, { redelivery: 'fail' }]];
}
