import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, MAX_FRAME } from './frames.js';
import { MalformedRequest } from './protocol/malformed.js';

function framed(payload: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

describe('FrameSplitter', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });

  test.prop([payloads, sizes])('yields the same frames however the stream is cut', (payloads, sizes) => {
    const stream = Buffer.concat(payloads.map(framed));
    const splitter = new FrameSplitter();
    const frames: Buffer[] = [];
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      frames.push(...splitter.push(stream.subarray(at, at + size)));
      at += size;
    }
    expect(frames.map(frame => [...frame])).toEqual(payloads.map(payload => [...payload]));
  });

  it.each([-1, MAX_FRAME + 1])('refuses a length of %i before its bytes come', length => {
    const header = Buffer.alloc(4);
    header.writeInt32BE(length);
    expect(() => new FrameSplitter().push(header)).toThrow(MalformedRequest);
  });
});
