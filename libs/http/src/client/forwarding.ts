import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { ParleyException } from '@parley/transport';
import type { Dispatcher } from 'undici';
import { gatewayAnswer, notCarried } from './gateway-answer.js';

/** Answers a request of Node's by sending it on. */
export function forwardBy(dispatcher: Pick<Dispatcher, 'dispatch'>): RequestListener {
  return (request, response) => {
    const { method = 'GET', url = '/', headers, rawHeaders } = request;
    if (headers.upgrade?.toLowerCase() === 'websocket') {
      refuse(response, notCarried(headers.host ?? '', 'websocket'));
      return;
    }
    const body = hasBody(request) ? bodyOf(request) : null;
    dispatcher.dispatch(
      {
        origin: `http://${headers.host}`,
        path: url,
        method,
        headers: rawHeaders,
        body,
      },
      new ForwardedAnswer(response),
    );
    // What is left of its body would hold up what comes after it on this connection.
    if (body) response.once('finish', () => request.resume());
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function refuse(response: ServerResponse, reason: ParleyException): void {
  const answer = gatewayAnswer(reason);
  if (answer) response.writeHead(answer.status, answer.statusText, answer.fields).end(answer.body);
}

/** Left in the middle it is not destroyed: its connection has an answer to bring. */
function bodyOf(request: IncomingMessage): Readable {
  const body = { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
  // undici takes iterables, and leaves them out of its types.
  return body as unknown as Readable;
}

/** Writes an answer as it comes, as fast as it is read. */
class ForwardedAnswer implements Dispatcher.DispatchHandler {
  constructor(private readonly response: ServerResponse) {}

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { response } = this;
    response.on('drain', () => controller.resume());
    response.once('close', () => {
      if (!response.writableFinished) controller.abort(new Error('the caller closed its connection'));
    });
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: object, text = ''): void {
    const raw = (controller.rawHeaders ?? []) as Buffer[];
    this.response.sendDate = false;
    this.response.writeHead(
      status,
      text,
      raw.map(part => part.toString('latin1')),
    );
    this.response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.response.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.response.end();
  }

  onResponseError(): void {
    this.response.destroy();
  }
}
