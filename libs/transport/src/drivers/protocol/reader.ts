const TWO_POW_32 = 4_294_967_296;

/**
 * Reads Kafka's non-flexible wire types from a buffer. Reading past the end raises a RangeError, so that a
 * truncated or malformed answer is an error rather than rubbish.
 */
export class Reader {
  constructor(
    readonly buffer: Buffer,
    public offset = 0,
  ) {}

  get remaining(): number {
    return this.buffer.length - this.offset;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    const value = this.buffer.readInt8(this.offset);
    this.offset += 1;
    return value;
  }

  int16(): number {
    const value = this.buffer.readInt16BE(this.offset);
    this.offset += 2;
    return value;
  }

  int32(): number {
    const value = this.buffer.readInt32BE(this.offset);
    this.offset += 4;
    return value;
  }

  /** Exact up to 2^53 - 1. */
  int64(): number {
    const value =
      this.buffer.readInt32BE(this.offset) * TWO_POW_32 + this.buffer.readUInt32BE(this.offset + 4);
    this.offset += 8;
    return value;
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  nullableString(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    return this.bytesOf(length).toString('utf8');
  }

  /** A view on the reader's buffer, not a copy. */
  nullableBytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.bytesOf(length);
  }

  /** A null array reads as an empty one. */
  array<T>(element: (reader: this) => T): T[] {
    const length = this.int32();
    if (length > this.remaining) throw new RangeError(`An array of ${length} does not fit in what was sent`);
    const elements: T[] = [];
    for (let index = 0; index < length; index++) elements.push(element(this));
    return elements;
  }

  private bytesOf(length: number): Buffer {
    const end = this.offset + length;
    if (end > this.buffer.length)
      throw new RangeError(`${length} bytes were announced, ${this.remaining} sent`);
    const bytes = this.buffer.subarray(this.offset, end);
    this.offset = end;
    return bytes;
  }
}
