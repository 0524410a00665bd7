import type { HeaderValue } from '../drivers/driver.js';

/**
 * The headers that give an event to one service, or to one handler of it, alone: others take it for done. A dead
 * letter that is put back on its event's topic has them, so that nobody who has handled the event gets it again.
 */
export const ADDRESSEE_HEADERS = {
  service: 'parley-for-service',
  /** As `parley-dead-handler` has it. */
  handler: 'parley-for-handler',
} as const;

/** Whom an event is for; everybody, where neither is given. */
export interface Addressee {
  service?: string;
  handler?: string;
}

export function addresseeOf(headers: Readonly<Record<string, HeaderValue>>): Addressee {
  const service = headers[ADDRESSEE_HEADERS.service]?.toString();
  const handler = headers[ADDRESSEE_HEADERS.handler]?.toString();
  return { ...(service !== undefined && { service }), ...(handler !== undefined && { handler }) };
}
