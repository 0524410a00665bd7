import type { Readable } from 'node:stream';

export type GivenBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | Readable
  | AsyncIterable<unknown>
  | Iterable<unknown>
  | Blob
  | FormData
  | URLSearchParams
  | null
  | undefined;

export interface ReadBody {
  /** Undefined where it is larger than the limit. */
  bytes: Buffer | undefined;
  /** What its form says of itself, where its caller did not. */
  contentType?: string | undefined;
}

const NOTHING: ReadBody = { bytes: Buffer.alloc(0) };

/** The bytes of a body that is at hand; undefined for one that has to be waited for. */
export function bodyAtHand(body: GivenBody): ReadBody | undefined {
  if (body === null || body === undefined) return NOTHING;
  if (typeof body === 'string') return { bytes: Buffer.from(body) };
  if (Buffer.isBuffer(body)) return { bytes: body };
  if (body instanceof Uint8Array)
    return { bytes: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof ArrayBuffer) return { bytes: Buffer.from(body) };
  return undefined;
}

/** Reads a body to its end, or until it is larger than `limit` bytes; then its source is told to stop. */
export async function readBody(body: NonNullable<GivenBody>, limit: number): Promise<ReadBody> {
  const { source, contentType } = sourceOf(body);
  const chunks: Buffer[] = [];
  let length = 0;
  const iterator = iteratorOf(source);
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const bytes = bytesOf(next.value);
    length += bytes.length;
    if (length > limit) {
      // Not waited for: fetch's own bodies return only once they are read to their end.
      Promise.resolve(iterator.return?.()).catch(() => undefined);
      return { bytes: undefined, contentType };
    }
    chunks.push(bytes);
  }
  return { bytes: Buffer.concat(chunks, length), contentType };
}

function iteratorOf(source: Source['source']): AsyncIterator<unknown> | Iterator<unknown> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

interface Source {
  source: AsyncIterable<unknown> | Iterable<unknown>;
  contentType?: string | undefined;
}

function sourceOf(body: NonNullable<GivenBody>): Source {
  if (typeof body === 'object' && (Symbol.asyncIterator in body || isPlainIterable(body))) {
    return { source: body as AsyncIterable<unknown> };
  }
  // Blobs and forms know their own type and how they are written.
  const response = new Response(body as Blob);
  return {
    source: (response.body ?? []) as AsyncIterable<unknown>,
    contentType: response.headers.get('content-type') ?? undefined,
  };
}

function isPlainIterable(body: object): boolean {
  return Symbol.iterator in body && !(body instanceof FormData) && !(body instanceof URLSearchParams);
}

function bytesOf(chunk: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return Buffer.from(chunk);
  throw new TypeError(`a chunk of a request's body is a string or bytes; got ${typeof chunk}`);
}
