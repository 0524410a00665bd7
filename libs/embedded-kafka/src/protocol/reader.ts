import { MalformedRequest } from './malformed.js';

/**
 * Most array elements one frame may hold, all its arrays together. Elements may be as small as a byte on the
 * wire and a hundred in memory: without this bound a 100 MiB frame could take the process down.
 */
export const MAX_ELEMENTS = 1_000_000;

/** Reads Kafka's primitive types off a frame; raises MalformedRequest rather than read past its end. */
export class Reader {
  private position = 0;
  private elements = 0;

  constructor(private readonly buffer: Buffer) {}

  get remaining(): number {
    return this.buffer.length - this.position;
  }

  int8(): number {
    return this.buffer.readInt8(this.advance(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.advance(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.advance(4));
  }

  /** As a number: exact up to 2^53, which no offset, timestamp or producer id of this broker exceeds. */
  int64(): number {
    const at = this.advance(8);
    return this.buffer.readInt32BE(at) * 0x1_0000_0000 + this.buffer.readUInt32BE(at + 4);
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.advance(1)] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedRequest('a variable-length integer is longer than 5 bytes');
  }

  uuid(): string {
    return this.raw(16).toString('hex');
  }

  /** A view on the frame, not a copy: whoever keeps it copies it. */
  raw(length: number): Buffer {
    if (length < 0) throw new MalformedRequest(`a length is negative: ${length}`);
    const at = this.advance(length);
    return this.buffer.subarray(at, at + length);
  }

  utf8(length: number): string {
    if (length < 0) throw new MalformedRequest(`a length is negative: ${length}`);
    const at = this.advance(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  /** Checks an array's length against the bytes that are left before anything is allocated for it. */
  claim(count: number, leastBytesEach: number): number {
    if (count < 0) throw new MalformedRequest(`an array has a negative length: ${count}`);
    if (count * leastBytesEach > this.remaining)
      throw new MalformedRequest(`an array claims ${count} elements, only ${this.remaining} bytes follow`);
    this.elements += count;
    if (this.elements > MAX_ELEMENTS)
      throw new MalformedRequest(`a request holds more than ${MAX_ELEMENTS} array elements`);
    return count;
  }

  skipTags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint();
      this.advance(this.uvarint());
    }
  }

  private advance(length: number): number {
    const at = this.position;
    if (length > this.buffer.length - at)
      throw new MalformedRequest(`${length} bytes expected, only ${this.buffer.length - at} are left`);
    this.position = at + length;
    return at;
  }
}
