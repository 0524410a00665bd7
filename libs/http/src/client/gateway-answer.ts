import { STATUS_CODES as HTTP_STATUS_TEXT } from 'node:http';
import { ParleyException, type StatusCode } from '@parley/transport';
import { MalformedMessage } from '../message/head.js';
import type { AnswerHead } from './answer-head.js';
import type { BodyTooLarge } from './body-upload.js';

/** What a call that ended without an answer looks like to a caller of HTTP: as a gateway would say it. */
const STATUS_OF: Partial<Readonly<Record<StatusCode, number>>> = {
  DEADLINE_EXCEEDED: 504,
  UNAVAILABLE: 503,
  RESOURCE_EXHAUSTED: 429,
  INVALID_ARGUMENT: 400,
  UNIMPLEMENTED: 501,
};

/** The names of RFC 9209 for them. */
const PROXY_ERROR_OF: Partial<Readonly<Record<StatusCode, string>>> = {
  DEADLINE_EXCEEDED: 'http_response_timeout',
  UNAVAILABLE: 'destination_unavailable',
  RESOURCE_EXHAUSTED: 'connection_limit_reached',
  INVALID_ARGUMENT: 'http_request_error',
  UNIMPLEMENTED: 'destination_not_found',
};

export interface GatewayAnswer extends AnswerHead {
  body: Buffer;
}

/** The answer for a request that Parley could not bring to an answer; undefined for a fault of another kind. */
export function gatewayAnswer(error: unknown): GatewayAnswer | undefined {
  if (error instanceof MalformedMessage) return answer(error.status, 'http_request_error', error.message);
  if (!(error instanceof ParleyException)) return undefined;
  const { status, message } = error;
  return answer(STATUS_OF[status] ?? 502, PROXY_ERROR_OF[status] ?? 'connection_terminated', message);
}

/** The answer for a request whose body is larger than its caller may send. */
export function bodyTooLarge({ message }: BodyTooLarge): GatewayAnswer {
  return answer(413, 'http_request_error', message);
}

/** For what would make another protocol of a request. */
export function notCarried(host: string, protocol: unknown): ParleyException {
  const message = `${host} is reached over Kafka, which carries no ${String(protocol)}: connect to its own address`;
  return new ParleyException('UNIMPLEMENTED', message);
}

/** With the body of Nest's own exceptions; `proxy-status` tells it from an answer of the service's. */
function answer(status: number, proxyError: string, message: string): GatewayAnswer {
  const statusText = HTTP_STATUS_TEXT[status] ?? '';
  const body = Buffer.from(JSON.stringify({ statusCode: status, message, error: statusText }));
  const fields = [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(body.length),
    'proxy-status',
    `parley; error=${proxyError}`,
  ];
  return { status, statusText, fields, body };
}
