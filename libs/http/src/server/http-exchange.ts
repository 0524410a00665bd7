import { IncomingMessage, ServerResponse, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { ParleyException, type ParleyContext } from '@parley/transport';
import { MalformedMessage, splitMessage } from '../message/head.js';
import { readRequestLine } from '../message/start-line.js';
import { Aborted, readUpload } from './incoming-body.js';
import { VirtualSocket } from './virtual-socket.js';

/** What Node's parser calls with the header lines it has read; held by a spec. */
interface ParsedMessage {
  _addHeaderLines(fields: string[], count: number): void;
}

/**
 * Lets a server answer a request that came as the bytes of an HTTP/1.1 message, with the same objects of Node's that
 * it is given for a request of the network: whatever listens to the server's requests cannot tell. Resolves with the
 * whole answer, or with its items where it goes on. Raises ParleyException.
 */
export function exchange(
  server: Server,
  message: Buffer,
  { signal, upload }: Pick<ParleyContext, 'signal' | 'upload'>,
): Promise<Buffer | AsyncIterable<Buffer>> {
  return new Promise((resolve, reject) => {
    const socket = new VirtualSocket(() => process.nextTick(answer));
    const request = requestOf(message, socket, upload);
    const response = new ServerResponse(request);
    const answer = () => {
      const whole = response.writableEnded && !socket.answer.full;
      resolve(whole ? socket.answer.takeItem() : socket.answer);
    };
    const leave = () => {
      request.destroy(new Aborted());
      socket.destroy();
    };
    // The bytes of a body are told apart by their items, so that they need no chunks of HTTP's own.
    Object.defineProperty(response, 'chunkedEncoding', UNCHUNKED);
    leaveOutInterim(response);
    response.assignSocket(socket as unknown as Socket);
    socket.on('drain', () => drained(response));
    response.once('finish', () => {
      signal.removeEventListener('abort', leave);
      response.detachSocket(socket as unknown as Socket);
      socket.answer.end('whole');
      process.nextTick(closed, response);
    });
    response.once('close', () => {
      signal.removeEventListener('abort', leave);
      if (!response.headersSent) reject(unanswered(request));
    });
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    else server.emit('request', request, response);
  });
}

const UNCHUNKED: PropertyDescriptor = { get: () => false, set: () => undefined };

/** An answer has one head here: what would be written before it is for connections. */
function leaveOutInterim(response: ServerResponse): void {
  response.writeContinue = response.writeProcessing = written => written?.();
  response.writeEarlyHints = (_hints, written) => written?.();
}

/** As Node's server does when its socket has room again: who writes the answer waits for that. */
function drained(response: ServerResponse): void {
  if (!response.writableNeedDrain) return;
  const flags = response as unknown as Record<symbol, boolean>;
  const needsDrain = Object.getOwnPropertySymbols(response).find(
    ({ description }) => description === 'kNeedDrain',
  );
  if (needsDrain) flags[needsDrain] = false;
  response.emit('drain');
}

/** As Node's server does when an answer is written. */
function closed(response: ServerResponse): void {
  response.destroyed = true;
  response.emit('close');
}

function requestOf(message: Buffer, socket: VirtualSocket, upload: ParleyContext['upload']): IncomingMessage {
  try {
    const { startLine, fields, body } = splitMessage(message);
    const { method, target } = readRequestLine(startLine);
    const request = new IncomingMessage(socket as unknown as Socket);
    request.httpVersion = '1.1';
    request.httpVersionMajor = 1;
    request.httpVersionMinor = 1;
    request.method = method;
    request.url = target;
    (request as unknown as ParsedMessage)._addHeaderLines(fields, fields.length);
    if (body.length > 0) request.push(body);
    if (upload) {
      readUpload(request, upload);
    } else {
      request.complete = true;
      request.push(null);
    }
    return request;
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    throw new ParleyException('INVALID_ARGUMENT', `the request is no HTTP: ${error.message}`);
  }
}

function unanswered({ method, url }: IncomingMessage): ParleyException {
  return new ParleyException('ABORTED', `the handler of ${method} ${url} closed the connection unanswered`);
}
