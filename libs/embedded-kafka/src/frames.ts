import { MalformedRequest } from './protocol/malformed.js';

/** As socket.request.max.bytes is in Kafka by default. */
export const MAX_FRAME = 100 * 1024 * 1024;

/** Cuts what a socket delivers into frames: four bytes of length, then as many bytes. */
export class FrameSplitter {
  private chunks: Buffer[] = [];
  private buffered = 0;

  /** Bytes of the next frame that have come so far. */
  get pending(): number {
    return this.buffered;
  }

  /**
   * The frames that are whole now. Nothing is allocated for what a length merely promises.
   * @throws MalformedRequest for a length that is negative or more than MAX_FRAME
   */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    const frames: Buffer[] = [];
    for (;;) {
      const frame = this.take();
      if (!frame) return frames;
      frames.push(frame);
    }
  }

  private take(): Buffer | undefined {
    if (this.buffered < 4) return undefined;
    const first = this.atLeast(4);
    const length = first.readInt32BE(0);
    if (length < 0 || length > MAX_FRAME)
      throw new MalformedRequest(`a frame claims ${length} bytes; 0 to ${MAX_FRAME} are taken`);
    if (this.buffered < 4 + length) return undefined;
    const whole = this.atLeast(4 + length);
    const rest = whole.subarray(4 + length);
    this.chunks[0] = rest;
    if (rest.length === 0) this.chunks.shift();
    this.buffered -= 4 + length;
    return whole.subarray(4, 4 + length);
  }

  /** The first chunk, after chunks were joined where it was too short. */
  private atLeast(length: number): Buffer {
    const [first] = this.chunks;
    if (first && first.length >= length) return first;
    const joined = Buffer.concat(this.chunks);
    this.chunks = [joined];
    return joined;
  }
}
