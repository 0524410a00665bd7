import { ParleyRecord, type CallOptions, type ParleyClient } from '@parley/transport';
import { endToEnd } from '../message/end-to-end.js';
import { joinMessage } from '../message/head.js';
import { patternOf } from '../message/pattern.js';
import { requestLine } from '../message/start-line.js';

export interface HttpRequest {
  method: string;
  /** The path with its query. */
  target: string;
  /** The host that the caller named. */
  host: string;
  /** Names and values by turns. */
  fields: readonly string[];
  body: Buffer;
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
  if (body.length > 0 || WITH_BODY.has(method)) headers.push('content-length', String(body.length));
  const message = joinMessage({ startLine: requestLine({ method, target }), fields: headers }, body);
  const replies = client.send<Buffer>(patternOf(method), new ParleyRecord(message, options));
  return replies[Symbol.asyncIterator]();
}
