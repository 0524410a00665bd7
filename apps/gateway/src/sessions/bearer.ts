import type { IncomingHttpHeaders } from 'node:http';

/** What `bearerToken` reads of a request. */
export interface BearerRequest {
  headers: IncomingHttpHeaders;
  query?: Record<string, unknown>;
}

/** The token of the Authorization header or, for browsers' EventSource, which cannot set one, of `?access_token`. */
export function bearerToken({ headers, query }: BearerRequest): string | undefined {
  const [, token] = /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? '') ?? [];
  if (token !== undefined) return token;
  const parameter = query?.['access_token'];
  return typeof parameter === 'string' && parameter !== '' ? parameter : undefined;
}
