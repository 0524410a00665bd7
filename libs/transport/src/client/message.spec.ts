import { describe, expect, it } from 'vitest';
import { encodeHeader, PARLEY_HEADER } from '../wire/header.js';
import { jsonCodec } from '../wire/json-codec.js';
import { headersOf, messageOf } from './message.js';

describe('a message', () => {
  it('has one header of the protocol beside those of its caller, which cost Kafka clients by their number', () => {
    const message = messageOf({ pattern: 'add', data: { a: 1 } }, 'add', jsonCodec);
    const line = encodeHeader({ kind: 'frames', instance: 'x' });
    expect(headersOf(message, line)).toEqual({ [PARLEY_HEADER]: line });
  });
});
