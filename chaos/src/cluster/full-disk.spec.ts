import type { Transform } from 'node:stream';
import { FrameSplitter } from '@parley/embedded-kafka';
import { describe, expect, it, vi } from 'vitest';
import { FullDisk } from './full-disk.js';

const int16 = (value: number) => Buffer.from([(value >> 8) & 0xff, value & 0xff]);
const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value & 0xffff)]);
const framed = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length), body]);
};
/** Of no client, for no topic. */
const produce = (correlationId: number) =>
  framed(int16(0), int16(8), int32(correlationId), int16(-1), int16(-1), int16(-1), int32(1_000), int32(0));
const fetch = (correlationId: number) => framed(int16(1), int16(11), int32(correlationId));
const answer = (correlationId: number) => framed(int32(correlationId));

/** What has come out of a stream so far: the number at `at` of each frame. */
function idsFrom(stream: Transform, at: number): number[] {
  const splitter = new FrameSplitter();
  const ids: number[] = [];
  stream.on('data', (chunk: Buffer) => {
    for (const frame of splitter.push(chunk)) ids.push(frame.readInt32BE(at));
  });
  return ids;
}

describe('a connection to a broker whose disk is full', () => {
  it('refuses what is produced, passes on the rest, and keeps answers in the order of their requests', async () => {
    let full = true;
    const disk = new FullDisk(() => full);
    const [asked, answered] = [idsFrom(disk.requests, 4), idsFrom(disk.responses, 0)];
    disk.requests.write(Buffer.concat([fetch(1), produce(2), fetch(3), produce(4)]));
    await vi.waitFor(() => expect(asked).toEqual([1, 3]));
    expect(answered).toEqual([]);
    disk.responses.write(answer(1));
    await vi.waitFor(() => expect(answered).toEqual([1, 2]));
    disk.responses.write(answer(3));
    await vi.waitFor(() => expect(answered).toEqual([1, 2, 3, 4]));
    disk.requests.write(produce(5));
    await vi.waitFor(() => expect(answered).toEqual([1, 2, 3, 4, 5]));
    full = false;
    disk.requests.write(produce(6));
    await vi.waitFor(() => expect(asked).toEqual([1, 3, 6]));
  });

  it('breaks at what is no frame', async () => {
    const disk = new FullDisk(() => true);
    const broken = new Promise(resolve => disk.requests.once('error', resolve));
    disk.requests.write(int32(-7));
    expect(await broken).toMatchObject({ message: expect.stringContaining('-7 bytes') });
  });
});
