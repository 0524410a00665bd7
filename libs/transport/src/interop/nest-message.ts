import type { ReadPacket } from '@nestjs/microservices';
import { ParleyRecord } from '../client/call-options.js';
import { callersMistake, type Message } from '../client/message.js';
import type { HeaderValue } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import { writeNestValue } from './nest-value.js';

export interface NestMessage extends Message {
  headers: Record<string, HeaderValue>;
}

/**
 * What a caller gave to `send` or `emit`, as the built-in writes it: `{ key, value, headers }` too, as the built-in's own
 * callers pass them. Where there is no value it is empty text: of none at all the built-in's servers make the record itself.
 */
export function nestMessageOf(packet: ReadPacket<unknown>, pattern: unknown): NestMessage {
  if (typeof pattern !== 'string' || pattern === '') {
    throw new ParleyException(
      'INVALID_ARGUMENT',
      `a pattern is a string or an object; got ${JSON.stringify(packet.pattern) ?? 'undefined'}`,
    );
  }
  const { data, options } =
    packet.data instanceof ParleyRecord ? packet.data : { data: packet.data, options: {} };
  const { key, value, headers } = callersMistake(() => writeNestValue(data));
  return {
    pattern,
    key: options.key === undefined ? key : Buffer.from(options.key),
    contentType: '',
    value: value ?? Buffer.alloc(0),
    options,
    metadata: packet.metadata,
    headers: { ...headers, ...options.headers },
  };
}
