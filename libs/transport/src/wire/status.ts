/**
 * The canonical codes of gRPC, by name and number (https://grpc.github.io/grpc/core/md_doc_statuscodes.html), and
 * their HTTP mapping (https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto).
 */
export const STATUS_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type StatusCode = (typeof STATUS_CODES)[number];

/** How a call ended when it did not end well. */
export interface Status {
  code: StatusCode;
  message: string;
  /** Anything the codec can carry that tells the caller more. */
  details?: unknown;
  /** What an HttpException was thrown with, so that it leaves a gateway as it was thrown. */
  http?: HttpOutcome;
}

export interface HttpOutcome {
  status: number;
  response: string | object;
}

const HTTP_OF: Readonly<Record<StatusCode, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

const STATUS_OF: Readonly<Record<number, StatusCode>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  413: 'INVALID_ARGUMENT',
  415: 'INVALID_ARGUMENT',
  416: 'OUT_OF_RANGE',
  422: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const KNOWN: ReadonlySet<string> = new Set(STATUS_CODES);

export function isStatusCode(value: unknown): value is StatusCode {
  return typeof value === 'string' && KNOWN.has(value);
}

/** The HTTP status a gateway answers with. */
export function httpStatusOf(code: StatusCode): number {
  return HTTP_OF[code];
}

/** The code for an HTTP status; those without one of their own go by their class. */
export function statusOfHttp(status: number): StatusCode {
  const exact = STATUS_OF[status];
  if (exact) return exact;
  if (status >= 200 && status < 300) return 'OK';
  if (status >= 400 && status < 500) return 'FAILED_PRECONDITION';
  if (status >= 500) return 'INTERNAL';
  return 'UNKNOWN';
}
