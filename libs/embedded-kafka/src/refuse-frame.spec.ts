import { describe, expect, it } from 'vitest';
import { FrameSplitter } from './frames.js';
import { ErrorCode } from './protocol/errors.js';
import { Reader } from './protocol/reader.js';
import { refuseFrame } from './refuse-frame.js';

const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);
const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value & 0xffff)]);

describe('a frame that refuses', () => {
  it('says so of every partition that the request names, to who asked', () => {
    const NONE = int16(-1);
    const head = [int16(0), int16(3), int32(77), text('client'), NONE, int16(-1), int32(1_000)];
    const topics = [int32(1), text('orders'), int32(2), int32(0), int32(-1), int32(5), int32(-1)];
    const produce = Buffer.concat([...head, ...topics]);
    const [response] = new FrameSplitter().push(refuseFrame(produce, ErrorCode.KAFKA_STORAGE_ERROR));
    const reader = new Reader(response!);
    expect(reader.int32()).toBe(77);
    expect([reader.int32(), reader.utf8(reader.int16()), reader.int32()]).toEqual([1, 'orders', 2]);
    const partitions = [0, 1].map(() => {
      const [index, code] = [reader.int32(), reader.int16()];
      reader.int64();
      reader.int64();
      return [index, code];
    });
    expect(partitions).toEqual([
      [0, 56],
      [5, 56],
    ]);
  });

  it('is not made of what this broker does not read', () => {
    expect(() => refuseFrame(Buffer.concat([int16(0), int16(99), int32(1)]), 56)).toThrow('version 99');
  });
});
