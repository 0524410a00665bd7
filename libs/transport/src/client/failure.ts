import { isMissingRight } from '../drivers/errors.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { statusOfDriverError } from '../link/driver-status.js';
import type { Status } from '../wire/status.js';

/** The status of a call that could not be sent, for whatever was thrown. */
export function statusOfFailure(error: unknown): Status {
  if (error instanceof ParleyException) return error.toStatus();
  if (isMissingRight(error)) return statusOfDriverError(error);
  return { code: 'UNAVAILABLE', message: error instanceof Error ? error.message : String(error) };
}

/** As an exception with a status, whatever was thrown. */
export function exceptionOf(error: unknown): ParleyException {
  return error instanceof ParleyException ? error : ParleyException.of(statusOfFailure(error));
}
