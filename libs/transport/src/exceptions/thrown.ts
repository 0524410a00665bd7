import { isStatusCode, statusOfHttp, type Status } from '../wire/status.js';
import { WireError } from '../wire/wire-error.js';
import { ParleyException } from './parley-exception.js';

/** Leaves a gateway as Nest answers over HTTP. */
const INTERNAL: Status = {
  code: 'INTERNAL',
  message: 'Internal server error',
  http: { status: 500, response: { statusCode: 500, message: 'Internal server error' } },
};

/** What Nest says of a guard that returned false, which it throws as an RpcException without a status. */
const FORBIDDEN: Status = {
  code: 'PERMISSION_DENIED',
  message: 'Forbidden resource',
  http: {
    status: 403,
    response: { statusCode: 403, message: 'Forbidden resource', error: 'Forbidden' },
  },
};

/**
 * The status for whatever a handler threw. An HttpException keeps its status and body; an RpcException its message
 * or object; of anything else the caller learns nothing but INTERNAL: it goes to the server's log.
 */
export function statusOfThrown(thrown: unknown): Status {
  if (thrown instanceof ParleyException) return thrown.toStatus();
  if (thrown instanceof WireError) return { code: 'INVALID_ARGUMENT', message: thrown.message };
  if (isHttpException(thrown)) return statusOfHttpException(thrown);
  if (isRpcException(thrown)) return statusOfRpcError(thrown.getError());
  if (isNestStatus(thrown)) return statusOfRpcError(thrown);
  return INTERNAL;
}

/** True where the caller is told no more than INTERNAL, so that the log has to tell the rest. */
export function isUnexpected(thrown: unknown): boolean {
  return statusOfThrown(thrown) === INTERNAL;
}

interface HttpExceptionLike {
  message: string;
  getStatus(): number;
  getResponse(): string | object;
}

/** By shape, since an app may hold two copies of @nestjs/common. */
function isHttpException(thrown: unknown): thrown is HttpExceptionLike {
  const candidate = thrown as Partial<HttpExceptionLike> | null | undefined;
  return typeof candidate?.getStatus === 'function' && typeof candidate.getResponse === 'function';
}

function statusOfHttpException(thrown: HttpExceptionLike): Status {
  const status = thrown.getStatus();
  return {
    code: statusOfHttp(status),
    message: thrown.message,
    http: { status, response: thrown.getResponse() },
  };
}

interface RpcExceptionLike {
  getError(): unknown;
}

function isRpcException(thrown: unknown): thrown is RpcExceptionLike {
  return typeof (thrown as Partial<RpcExceptionLike> | null | undefined)?.getError === 'function';
}

/** What Nest's filter makes of an RpcException that was thrown with a string. */
function isNestStatus(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && !(thrown instanceof Error);
}

/**
 * The user's own error object: its `code` counts where it is one of ours, its `status` or `statusCode` where it is
 * an HTTP status; the whole object travels as details.
 */
function statusOfRpcError(error: unknown): Status {
  if (error === FORBIDDEN.message) return FORBIDDEN;
  if (typeof error === 'string') return { code: 'UNKNOWN', message: error };
  if (typeof error !== 'object' || error === null) return { code: 'UNKNOWN', message: String(error) };
  const { code, status, statusCode, message } = error as Record<string, unknown>;
  if (status === 'error' && message === INTERNAL.message) return INTERNAL;
  if (status === 'error' && message === FORBIDDEN.message) return FORBIDDEN;
  const text = typeof message === 'string' ? message : 'the handler threw an object without a message';
  // What Nest's filter makes of text; an object of the user's own may say `error` too, and more beside it.
  if (status === 'error' && Object.keys(error).length === 2) return { code: 'UNKNOWN', message: text };
  const named = [code, status].find(isStatusCode);
  const http = [status, statusCode].find(
    (value): value is number => typeof value === 'number' && value >= 400 && value <= 599,
  );
  return {
    code: named ?? (http === undefined ? 'UNKNOWN' : statusOfHttp(http)),
    message: text,
    details: error,
  };
}
