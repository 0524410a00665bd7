const TWO_POW_32 = 4_294_967_296;

/** Writes Kafka's non-flexible wire types into a buffer that grows. */
export class Writer {
  private buffer: Buffer;
  private offset: number;

  /** `reserve` bytes are left free at the start, for a header that is stamped later. */
  constructor(reserve = 0) {
    this.buffer = Buffer.allocUnsafe(reserve + 256);
    this.offset = reserve;
  }

  /** The reserved bytes and everything written so far. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.offset);
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  int8(value: number): this {
    this.offset = this.room(1).writeInt8(value, this.offset);
    return this;
  }

  int16(value: number): this {
    this.offset = this.room(2).writeInt16BE(value, this.offset);
    return this;
  }

  int32(value: number): this {
    this.offset = this.room(4).writeInt32BE(value, this.offset);
    return this;
  }

  /** Exact for safe integers, negative ones included. */
  int64(value: number): this {
    const high = Math.floor(value / TWO_POW_32);
    this.room(8).writeInt32BE(high, this.offset);
    this.offset = this.buffer.writeUInt32BE(value - high * TWO_POW_32, this.offset + 4);
    return this;
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.room(length).write(value, this.offset, length, 'utf8');
    this.offset += length;
    return this;
  }

  bytes(value: Buffer): this {
    this.int32(value.length);
    value.copy(this.room(value.length), this.offset);
    this.offset += value.length;
    return this;
  }

  array<T>(elements: readonly T[], element: (writer: this, value: T) => void): this {
    this.int32(elements.length);
    for (const value of elements) element(this, value);
    return this;
  }

  private room(length: number): Buffer {
    const needed = this.offset + length;
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(grown, 0, 0, this.offset);
      this.buffer = grown;
    }
    return this.buffer;
  }
}
