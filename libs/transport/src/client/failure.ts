import { ParleyException } from '../exceptions/parley-exception.js';
import type { Status } from '../wire/status.js';

/** The status of a call that could not be sent, for whatever was thrown. */
export function statusOfFailure(error: unknown): Status {
  if (error instanceof ParleyException) return error.toStatus();
  return { code: 'UNAVAILABLE', message: error instanceof Error ? error.message : String(error) };
}
