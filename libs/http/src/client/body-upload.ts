import type { BodyLimits } from './request-body.js';

/** What one item of an upload holds at most, in bytes. */
const ITEM_BYTES = 128 * 1024;

type Source = AsyncIterator<unknown> | Iterator<unknown>;

/** A body weighs more than its caller may send. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';

  constructor(readonly limit: number) {
    super(`the request's body is larger than ${limit} bytes (maxBodyBytes)`);
  }
}

/** What follows of a body whose beginning has been read, in pieces that are neither large nor more than was said. */
export class BodyUpload implements AsyncIterableIterator<Buffer> {
  /** Why there is no more of it, where that is not the service's doing. */
  failure: Error | undefined;
  private piece: Buffer | undefined;
  private coming: Promise<IteratorResult<unknown>> | undefined;
  private left = false;

  /** `length`: bytes that have been read. `ahead`: what of them is still to be sent, and what has been asked for. */
  constructor(
    private readonly source: Source,
    private readonly limits: BodyLimits,
    private length: number,
    ahead: { piece?: Buffer; coming?: Promise<IteratorResult<unknown>> } = {},
  ) {
    this.piece = ahead.piece;
    this.coming = ahead.coming;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer>> {
    try {
      while (!this.piece?.length) {
        if (this.left) return { done: true, value: undefined };
        const { coming } = this;
        this.coming = undefined;
        const next = await (coming ?? this.source.next());
        if (next.done) {
          this.checkWhole();
          return { done: true, value: undefined };
        }
        this.piece = bytesOf(next.value);
        this.count(this.piece.length);
      }
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
    const { piece } = this;
    this.piece = piece.subarray(ITEM_BYTES);
    return { done: false, value: piece.subarray(0, ITEM_BYTES) };
  }

  /** The rest is not wanted: its source is told. */
  return(): Promise<IteratorResult<Buffer>> {
    if (!this.left) leave(this.source);
    this.left = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  private count(bytes: number): void {
    const { maxBytes, declared } = this.limits;
    this.length += bytes;
    if (this.length <= Math.min(maxBytes, declared ?? Infinity)) return;
    leave(this.source);
    if (this.length > maxBytes) throw new BodyTooLarge(maxBytes);
    throw new TypeError(`the request's body is longer than its content-length of ${declared} bytes`);
  }

  private checkWhole(): void {
    const { declared } = this.limits;
    if (declared === undefined || declared === this.length) return;
    throw new TypeError(
      `the request's body ended after ${this.length} of ${declared} bytes (content-length)`,
    );
  }
}

/** Not waited for: fetch's own bodies return only once they are read to their end. */
export function leave(source: Source): void {
  Promise.resolve(source.return?.()).catch(() => undefined);
}

export function bytesOf(chunk: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return Buffer.from(chunk);
  throw new TypeError(`a chunk of a request's body is a string or bytes; got ${typeof chunk}`);
}
