import { Duplex } from 'node:stream';
import { AnswerBytes } from './answer-bytes.js';

interface Chunk {
  chunk: Buffer | string;
  encoding: BufferEncoding;
}

/**
 * The connection of a request that came without one: what Node writes to it as the answer is put into `answer`. Like
 * one of a Unix socket it has no remote address.
 */
export class VirtualSocket extends Duplex {
  readonly encrypted = false;
  readonly remoteAddress = undefined;
  readonly answer = new AnswerBytes(() => this.destroy());

  /** `onBegun` is told of the first bytes. */
  constructor(private onBegun: (() => void) | undefined) {
    super({ decodeStrings: false });
    // Its end is told by the answer's.
    this.on('error', () => undefined);
  }

  override _read(): void {
    // A request's body goes to its IncomingMessage directly.
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, written: () => void): void {
    this.answer.add(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    this.begin();
    this.answer.wrote(written);
  }

  override _writev(chunks: Chunk[], written: () => void): void {
    for (const { chunk, encoding } of chunks) {
      this.answer.add(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    }
    this.begin();
    this.answer.wrote(written);
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.answer.end(error ?? new Error('the handler closed the connection in the middle of its answer'));
    destroyed(error);
  }

  /** What frameworks say to a socket of the network. */
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  private begin(): void {
    const { onBegun } = this;
    this.onBegun = undefined;
    onBegun?.();
  }
}
