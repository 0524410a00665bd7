import type { PacketMetadata, ReadPacket } from '@nestjs/microservices';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Codec } from '../wire/codec.js';
import { MAX_LINE_LENGTH, METADATA_HEADER, PARLEY_HEADER } from '../wire/header.js';
import { ParleyRecord, type CallOptions } from './call-options.js';

/** What a caller gave to `send` or `emit`, encoded, and not yet addressed. */
export interface Message {
  pattern: string;
  key: Buffer | null;
  contentType: string;
  value: Buffer;
  options: CallOptions;
  metadata: PacketMetadata | undefined;
  /** Counted up when a call is made again. Default 1. */
  attempt?: number;
}

/** Raises INVALID_ARGUMENT for a pattern that is none, and for data that the codec cannot carry. */
export function messageOf(packet: ReadPacket<unknown>, pattern: unknown, codec: Codec): Message {
  const { data, options } =
    packet.data instanceof ParleyRecord ? packet.data : { data: packet.data, options: {} };
  if (typeof pattern !== 'string' || pattern === '') {
    throw new ParleyException(
      'INVALID_ARGUMENT',
      `a pattern is a string or an object; got ${JSON.stringify(packet.pattern) ?? 'undefined'}`,
    );
  }
  const { type, bytes } = callersMistake(() => codec.encode(data));
  const key = options.key === undefined ? null : Buffer.from(options.key);
  return { pattern, key, contentType: type, value: bytes, options, metadata: packet.metadata };
}

/** The message. Raises INVALID_ARGUMENT where it has an upload, which `what` cannot carry. */
export function withoutUpload(message: Message, what: string): Message {
  if (message.options.upload === undefined) return message;
  throw new ParleyException(
    'INVALID_ARGUMENT',
    `${what} carries no upload, and ${message.pattern} was given one: only \`send\` to a ParleyServer does`,
  );
}

/** The message's headers around the protocol's own. Raises INVALID_ARGUMENT for a pattern too long to fit in it. */
export function headersOf({ options, metadata }: Message, line: string): Record<string, string> {
  if (line.length > MAX_LINE_LENGTH) {
    throw new ParleyException(
      'INVALID_ARGUMENT',
      `the pattern is too long: the protocol's header takes ${line.length} bytes of ${MAX_LINE_LENGTH}`,
    );
  }
  const headers: Record<string, string> = { [PARLEY_HEADER]: line };
  if (metadata) headers[METADATA_HEADER] = JSON.stringify(metadata);
  return options.headers ? { ...options.headers, ...headers } : headers;
}

/** What `make` returns; what it throws is the caller's mistake: INVALID_ARGUMENT. */
export function callersMistake<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ParleyException('INVALID_ARGUMENT', error instanceof Error ? error.message : String(error));
  }
}
