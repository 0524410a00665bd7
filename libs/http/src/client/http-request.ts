import { ParleyRecord, type CallOptions, type ParleyClient } from '@parley/transport';
import { endToEnd } from '../message/end-to-end.js';
import { joinMessage } from '../message/head.js';
import { patternOf } from '../message/pattern.js';
import { requestLine } from '../message/start-line.js';
import type { SentBody } from './request-body.js';

export interface HttpRequest {
  method: string;
  /** The path with its query. */
  target: string;
  /** The host that the caller named. */
  host: string;
  /** Names and values by turns. */
  fields: readonly string[];
  body: SentBody;
}

/** Methods that send a body by their nature: without one they say so. */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The reply to a request over Kafka: the head of the answer with the first bytes of its body, then what follows.
 * Raises MalformedMessage for what HTTP cannot carry.
 */
export function send(
  client: Pick<ParleyClient, 'send'>,
  { method, target, host, fields, body }: HttpRequest,
  options: CallOptions,
): AsyncIterableIterator<Buffer> {
  const headers: string[] = [];
  let named = false;
  const kept = endToEnd(fields);
  for (let at = 0; at < kept.length; at += 2) {
    const name = kept[at]!.toLowerCase();
    if (name === 'content-length') continue;
    named ||= name === 'host';
    headers.push(name, kept[at + 1]!);
  }
  if (!named) headers.unshift('host', host);
  const { start, rest, length } = body;
  // A body of unknown length is told by this header; its bytes are told apart by items, not by HTTP's chunks.
  if (length === undefined) headers.push('transfer-encoding', 'chunked');
  else if (length > 0 || WITH_BODY.has(method)) headers.push('content-length', String(length));
  const message = joinMessage({ startLine: requestLine({ method, target }), fields: headers }, start);
  const record = new ParleyRecord(message, rest ? { ...options, upload: rest } : options);
  const replies = client.send<Buffer>(patternOf(method), record);
  return replies[Symbol.asyncIterator]();
}
