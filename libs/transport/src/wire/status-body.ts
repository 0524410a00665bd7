import { parseJson } from './safe-json.js';
import type { HttpOutcome, Status, StatusCode } from './status.js';

/** A status as the payload of an error frame. Always JSON, so that both ends can read it whatever their codec. */
export function encodeStatusBody(status: Status): Buffer {
  const { message, details, http } = status;
  try {
    return Buffer.from(JSON.stringify({ message, details, http }));
  } catch {
    return Buffer.from(JSON.stringify({ message, details: 'the details could not be written as JSON' }));
  }
}

/** Never raises: a body that cannot be read leaves its code, which is what callers act on. */
export function decodeStatusBody(code: StatusCode, body: Buffer): Status {
  let parsed: unknown;
  try {
    parsed = parseJson(body.toString());
  } catch {
    return { code, message: 'the status came with a body that could not be read' };
  }
  const { message, details, http } = (parsed ?? {}) as {
    message?: unknown;
    details?: unknown;
    http?: unknown;
  };
  return {
    code,
    message: typeof message === 'string' ? message : '',
    ...(details !== undefined && { details }),
    ...(isHttpOutcome(http) && { http }),
  };
}

function isHttpOutcome(value: unknown): value is HttpOutcome {
  if (typeof value !== 'object' || value === null) return false;
  const { status, response } = value as Partial<HttpOutcome>;
  const plausible = Number.isInteger(status) && status! >= 100 && status! <= 599;
  return plausible && (typeof response === 'string' || (typeof response === 'object' && response !== null));
}
