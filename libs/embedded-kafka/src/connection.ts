import type { Socket } from 'node:net';
import { APIS } from './api/registry.js';
import { NO_RESPONSE, type Answer, type Api, type Body } from './api/api.js';
import type { Clock } from './clock.js';
import type { Cluster } from './cluster.js';
import { FrameSplitter } from './frames.js';
import type { Fault, Interceptors } from './interceptors.js';
import { ErrorCode } from './protocol/errors.js';
import { MalformedRequest } from './protocol/malformed.js';
import { Reader } from './protocol/reader.js';
import { Writer } from './protocol/writer.js';

const API_VERSIONS = 18;

/** Requests that may wait behind the one in work before the socket is read no further. */
const MAX_WAITING = 64;

export interface ConnectionOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly interceptors: Interceptors;
  readonly nodeId: number;
  readonly log: (message: string) => void;
}

interface Request {
  readonly api: Api;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string;
  readonly body: Body;
}

/**
 * One client's connection. Requests are worked off one by one, as a Kafka broker does, so that responses leave
 * in the order of their requests; one that waits holds up those behind it and nobody else's.
 */
export class Connection {
  private readonly splitter = new FrameSplitter();
  private readonly waiting: Buffer[] = [];
  private readonly closed = new AbortController();
  private readonly clientHost: string;
  private busy = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.clientHost = `/${socket.remoteAddress ?? ''}`;
    socket.setNoDelay(true);
    socket.on('data', chunk => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.closed.abort());
  }

  close(): void {
    this.socket.destroy();
    this.closed.abort();
  }

  private receive(chunk: Buffer): void {
    try {
      for (const frame of this.splitter.push(chunk)) this.waiting.push(frame);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.waiting.length > MAX_WAITING) this.socket.pause();
    if (!this.busy) void this.workOff();
  }

  private async workOff(): Promise<void> {
    this.busy = true;
    try {
      for (
        let frame = this.waiting.shift();
        frame && !this.closed.signal.aborted;
        frame = this.waiting.shift()
      ) {
        const answer = this.answer(decode(frame));
        const response = answer instanceof Promise ? await answer : answer;
        if (response && !this.send(response)) await this.drained();
        if (this.waiting.length <= MAX_WAITING / 2 && this.socket.isPaused()) this.socket.resume();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
    }
  }

  /** The encoded response, or undefined where none is sent. */
  private answer(request: Request): Writer | undefined | Promise<Writer | undefined> {
    if (this.options.interceptors.has(request.api.key)) return this.intercepted(request);
    return this.handled(request);
  }

  private handled(request: Request): Writer | undefined | Promise<Writer | undefined> {
    const { api, version, body, clientId } = request;
    const { cluster, clock, nodeId } = this.options;
    // Only ApiVersions gets here in a version that is not served, and answers that in version 0.
    if (!serves(api, version)) return encode({ ...request, version: 0 }, ErrorCode.UNSUPPORTED_VERSION);
    const result = api.handle(body, {
      cluster,
      clock,
      nodeId,
      version,
      clientId,
      clientHost: this.clientHost,
      signal: this.closed.signal,
    });
    if (result instanceof Promise) return result.then(answer => encode(request, answer));
    return encode(request, result);
  }

  private async intercepted(request: Request): Promise<Writer | undefined> {
    const { api, version, clientId, body } = request;
    const { interceptors, nodeId } = this.options;
    const fault = await Promise.race([
      interceptors.decide({ apiKey: api.key, apiVersion: version, clientId, nodeId, body }),
      this.whenClosed(),
    ]);
    return fault === CLOSED ? undefined : this.apply(fault, request);
  }

  private async apply(fault: Fault | undefined, request: Request): Promise<Writer | undefined> {
    switch (fault?.kind) {
      case undefined:
        return this.handled(request);
      case 'delay':
        await this.pause(fault.ms);
        return this.closed.signal.aborted ? undefined : this.handled(request);
      case 'error':
        return encode(request, fault.code);
      case 'drop':
        return undefined;
      case 'dropResponse':
        await this.handled(request);
        return undefined;
      case 'close':
        this.close();
        return undefined;
      case 'closeAfter':
        await this.handled(request);
        this.close();
        return undefined;
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        cancel();
        this.closed.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.options.clock.after(ms, done);
      this.closed.signal.addEventListener('abort', done);
    });
  }

  private whenClosed(): Promise<typeof CLOSED> {
    return new Promise(resolve => {
      this.closed.signal.addEventListener('abort', () => resolve(CLOSED), { once: true });
    });
  }

  /** False where the client is slow to read: the next request waits until it has. */
  private send(response: Writer): boolean {
    if (this.socket.destroyed) return true;
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(response.length);
    this.socket.cork();
    this.socket.write(length);
    let room = true;
    for (const chunk of response.chunks()) room = this.socket.write(chunk);
    this.socket.uncork();
    return room;
  }

  private drained(): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        this.socket.off('drain', done);
        this.closed.signal.removeEventListener('abort', done);
        resolve();
      };
      this.socket.on('drain', done);
      this.closed.signal.addEventListener('abort', done);
      if (!this.socket.writableNeedDrain) done();
    });
  }

  private fail(error: unknown): void {
    const { nodeId, log } = this.options;
    const reason = error instanceof Error ? error.message : String(error);
    const kind = error instanceof MalformedRequest ? 'malformed request' : 'request failed';
    log(`broker ${nodeId} closes the connection from ${this.clientHost}: ${kind}: ${reason}`);
    this.close();
  }
}

const CLOSED = Symbol('closed');

function serves({ versions: [min, max] }: Api, version: number): boolean {
  return version >= min && version <= max;
}

/** @throws MalformedRequest for an API or version that is not served, and for bytes that do not fit the schema */
function decode(frame: Buffer): Request {
  const reader = new Reader(frame);
  const key = reader.int16();
  const version = reader.int16();
  const correlationId = reader.int32();
  const api = APIS.get(key);
  if (!api) throw new MalformedRequest(`API key ${key} is not served`);
  if (!serves(api, version)) {
    if (key === API_VERSIONS) return { api, version, correlationId, clientId: '', body: {} };
    throw new MalformedRequest(
      `version ${version} of ${api.name} is not served, only ${api.versions.join(' to ')}`,
    );
  }
  const clientIdLength = reader.int16();
  const clientId = clientIdLength === -1 ? '' : reader.utf8(clientIdLength);
  if (version >= api.flexibleSince) reader.skipTags();
  const body = api.requestCodec(version).read(reader);
  if (reader.remaining > 0)
    throw new MalformedRequest(
      `${reader.remaining} bytes follow a ${api.name} request of version ${version}`,
    );
  return { api, version, correlationId, clientId, body };
}

function encode({ api, version, correlationId, body }: Request, answer: Answer<Body>): Writer | undefined {
  if (answer === NO_RESPONSE) return undefined;
  const response = typeof answer === 'number' ? api.refuse(body, answer) : answer;
  const writer = new Writer();
  writer.int32(correlationId);
  // Clients read the answer to ApiVersions before they know which versions are served: its header is never flexible.
  if (version >= api.flexibleSince && api.key !== API_VERSIONS) writer.uvarint(0);
  api.responseCodec(version).write(writer, response);
  return writer;
}
