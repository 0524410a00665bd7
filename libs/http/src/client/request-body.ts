import type { Readable } from 'node:stream';
import { BodyTooLarge, BodyUpload, bytesOf, leave } from './body-upload.js';

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

/** A body as it is sent: whole with its request, or its beginning, and then the rest as the service takes it. */
export interface SentBody {
  start: Buffer;
  rest?: BodyUpload | undefined;
  /** What it weighs in all, in bytes; undefined where that is not known yet. */
  length: number | undefined;
  /** What its form says of itself, where its caller did not. */
  contentType?: string | undefined;
}

export interface BodyLimits {
  /** What a body may weigh, in bytes; Infinity where the service alone decides. */
  maxBytes: number;
  /** What its caller says that it weighs, in bytes. */
  declared: number | undefined;
}

/** A body that is at hand up to so many bytes goes with its request, so that it can be sent again. */
export const WHOLE_BYTES = 16 * 1024 * 1024 - 64 * 1024;
/** A body that has to be waited for goes with its request where it is no longer than this, in bytes... */
export const AHEAD_BYTES = 64 * 1024;
/** ...and has ended by then, in ms: a service is to hear of a stream that pauses. */
export const AHEAD_MS = 20;

const NOTHING = Buffer.alloc(0);

/** A body that is at hand; undefined for one that has to be waited for. Raises BodyTooLarge. */
export function bodyAtHand(body: GivenBody, limits: BodyLimits): SentBody | undefined {
  const bytes = bytesAtHand(body);
  if (!bytes) return undefined;
  if (bytes.length > limits.maxBytes) throw new BodyTooLarge(limits.maxBytes);
  const { length } = bytes;
  if (length <= WHOLE_BYTES) return { start: bytes, length };
  const rest = [bytes.subarray(AHEAD_BYTES)][Symbol.iterator]();
  const upload = new BodyUpload(rest, { ...limits, declared: length }, AHEAD_BYTES);
  return { start: bytes.subarray(0, AHEAD_BYTES), rest: upload, length };
}

/**
 * Reads ahead of a body: it is sent whole where it ends soon. Raises BodyTooLarge, and what its source throws.
 * Where nothing comes of it any more, `rest.return()` tells its source.
 */
export async function readAhead(body: NonNullable<GivenBody>, limits: BodyLimits): Promise<SentBody> {
  const { maxBytes } = limits;
  const { source, contentType } = sourceOf(body);
  const iterator = iteratorOf(source);
  const chunks: Buffer[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(resolve, AHEAD_MS, 'late');
  });
  try {
    for (;;) {
      const coming = Promise.resolve(iterator.next());
      const next = length > AHEAD_BYTES ? 'late' : await Promise.race([coming, late]);
      if (next === 'late') {
        // Waited for by whoever takes the rest; nobody does where it is too large.
        coming.catch(() => undefined);
        const ahead = Buffer.concat(chunks, length);
        const rest = new BodyUpload(iterator, limits, length, { piece: ahead.subarray(AHEAD_BYTES), coming });
        return { start: ahead.subarray(0, AHEAD_BYTES), rest, length: limits.declared, contentType };
      }
      if (next.done) return { start: Buffer.concat(chunks, length), length, contentType };
      const bytes = bytesOf(next.value);
      length += bytes.length;
      chunks.push(bytes);
      if (length > maxBytes) {
        leave(iterator);
        throw new BodyTooLarge(maxBytes);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

function bytesAtHand(body: GivenBody): Buffer | undefined {
  if (body === null || body === undefined) return NOTHING;
  if (typeof body === 'string') return Buffer.from(body);
  if (Buffer.isBuffer(body)) return body;
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  return undefined;
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
