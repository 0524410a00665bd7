import { RpcException } from '@nestjs/microservices';
import { ParleyException } from '../exceptions/parley-exception.js';
import { statusOfThrown } from '../exceptions/thrown.js';
import type { Status } from '../wire/status.js';
import { readNestValue } from './nest-value.js';

/** What the built-in answers where a service has no handler. */
const NO_HANDLER = 'There is no matching message handler defined in the remote service.';
const INTERNAL = { status: 'error', message: 'Internal server error' };

/**
 * The error header for what came of a handler, as the built-in writes it: the object or text that Nest's filters made.
 * A ParleyException keeps its status. What no filter saw says no more than that the server failed.
 */
export function writeNestError(error: unknown): Buffer {
  return Buffer.from(textOf(error) || JSON.stringify(INTERNAL));
}

/** The status of a call that the built-in's server answered with an error header. */
export function readNestError(header: Buffer): Status {
  const error = readNestValue(header);
  if (error === NO_HANDLER) return { code: 'UNIMPLEMENTED', message: error };
  return statusOfThrown(new RpcException(error as object));
}

function textOf(error: unknown): string | undefined {
  if (error instanceof ParleyException) {
    const { status, statusCode, message, details } = error;
    return JSON.stringify({ status, statusCode, message, details });
  }
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null || error instanceof Error) return undefined;
  try {
    return JSON.stringify(error);
  } catch {
    return undefined;
  }
}
