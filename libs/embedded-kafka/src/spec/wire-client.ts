import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Api, ApiDefinition } from '../api/api.js';
import { FrameSplitter } from '../frames.js';
import { Reader } from '../protocol/reader.js';
import { struct, type Decoded, type Encodable, type Fields } from '../protocol/schema.js';
import { Writer } from '../protocol/writer.js';

const API_VERSIONS = 18;

/** A client that says exactly what a spec wants said, and hears exactly what the broker answers. */
export class WireClient implements AsyncDisposable {
  private readonly splitter = new FrameSplitter();
  private readonly awaited = new Map<number, (frame: Reader) => void>();
  private nextId = 1;
  /** Correlation ids in the order in which responses came. */
  readonly answered: number[] = [];
  /** Bytes that came, of whole responses or not. */
  received = 0;
  /** In how many pieces they came. */
  chunks = 0;
  /** Resolves once the broker has closed the connection. */
  readonly closed: Promise<unknown>;

  private constructor(private readonly socket: Socket) {
    this.closed = once(socket, 'close');
    socket.on('error', () => {});
    socket.on('data', chunk => {
      this.received += chunk.length;
      this.chunks++;
      for (const frame of this.splitter.push(chunk)) {
        const reader = new Reader(frame);
        const id = reader.int32();
        this.answered.push(id);
        this.awaited.get(id)?.(reader);
        this.awaited.delete(id);
      }
    });
  }

  static async connect(address: string): Promise<WireClient> {
    const [host, port] = address.split(':');
    const socket = connect({ host, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new WireClient(socket);
  }

  /** Sends one request, in the API's latest version unless told otherwise, and resolves to its response. */
  async call<Req extends Fields, Res extends Fields>(
    api: Api & ApiDefinition<Req, Res>,
    body: Encodable<Req>,
    version: number = api.versions[1],
  ): Promise<Decoded<Res>> {
    const response = await this.exchange(WireClient.encode(api, version, this.nextId, body));
    const flexible = version >= api.flexibleSince;
    if (flexible && api.key !== API_VERSIONS) response.skipTags();
    const decoded = struct(api.response, version, flexible).read(response);
    if (response.remaining > 0) throw new Error(`${response.remaining} bytes follow the response`);
    return decoded;
  }

  /** Sends bytes as they are. */
  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  static encode<Req extends Fields, Res extends Fields>(
    api: Api & ApiDefinition<Req, Res>,
    version: number,
    correlationId: number,
    body: Encodable<Req>,
  ): Buffer {
    const flexible = version >= api.flexibleSince;
    const writer = new Writer();
    writer.int16(api.key);
    writer.int16(version);
    writer.int32(correlationId);
    writer.int16(4);
    writer.utf8('wire', 4);
    if (flexible) writer.uvarint(0);
    struct(api.request, version, flexible).write(writer, body);
    return Buffer.concat(writer.frame());
  }

  /** Takes nothing off the socket until `resume`. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  /** Sends a whole frame, whose correlation id must be the next one, and resolves to its response. */
  exchange(frame: Buffer): Promise<Reader> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.awaited.set(id, resolve);
      void this.closed.then(() => reject(new Error('the broker closed the connection')));
      this.socket.write(frame);
    });
  }
}
