import { describe, expect, it } from 'vitest';
import { fc, test } from '@fast-check/vitest';
import { FrontendMessages, MAX_MESSAGE_BYTES } from './frontend-messages.js';

function startup(code = 3 << 16): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt32BE(9, 0);
  bytes.writeUInt32BE(code, 4);
  return bytes;
}

function typed(type: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0);
  head.writeUInt32BE(4 + Buffer.byteLength(body), 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

describe('FrontendMessages', () => {
  test.prop([fc.array(fc.string(), { maxLength: 8 }), fc.integer({ min: 1, max: 40 })])(
    'cuts the same messages out of pieces of any size',
    (bodies, size) => {
      const bytes = Buffer.concat([startup(), ...bodies.map(body => typed('Q', body))]);
      const reader = new FrontendMessages();
      const messages = [];
      for (let at = 0; at < bytes.length; at += size)
        messages.push(...reader.push(bytes.subarray(at, at + size)));
      expect(messages.map(message => message.type)).toEqual(['', ...bodies.map(() => 'Q')]);
      expect(Buffer.concat(messages.map(message => message.bytes))).toEqual(bytes);
    },
  );

  it('tells requests for encryption and cancellation from a start', () => {
    const reader = new FrontendMessages();
    const kinds = [80877103, 80877104, 80877102, 3 << 16].map(code => reader.push(startup(code))[0]?.kind);
    expect(kinds).toEqual(['encryption', 'encryption', 'cancel', 'startup']);
  });

  it('refuses an unknown protocol version and a message too large to hold', () => {
    expect(() => new FrontendMessages().push(startup(2 << 16))).toThrow('version 2.0');
    const started = new FrontendMessages();
    started.push(startup());
    const head = Buffer.from('Q0000');
    head.writeUInt32BE(MAX_MESSAGE_BYTES, 1);
    expect(() => started.push(head)).toThrow('outside');
  });
});
