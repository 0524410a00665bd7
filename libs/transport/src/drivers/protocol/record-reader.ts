/** One record as a batch holds it: offset and time are relative to the batch. */
export interface RawRecord {
  offsetDelta: number;
  timestampDelta: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer>;
}

const EMPTY = Buffer.alloc(0);

/** Reads the records of a version 2 batch in turn. Raises a RangeError where they do not fit their bytes. */
export class RecordReader {
  private at = 0;
  /** Header names as last seen at each position: records of one batch nearly always agree in them. */
  private readonly names: { bytes: Buffer; name: string }[] = [];

  constructor(private readonly bytes: Buffer) {}

  next(): RawRecord {
    const length = this.varint();
    const end = this.at + length;
    if (length < 0 || end > this.bytes.length) throw new RangeError('a record is longer than its batch');
    this.at += 1; // attributes
    const timestampDelta = this.varint();
    const offsetDelta = this.varint();
    const key = this.nullableBytes();
    const value = this.nullableBytes();
    const headers = this.headers();
    if (this.at > end) throw new RangeError('a record is longer than its length says');
    this.at = end;
    return { offsetDelta, timestampDelta, key, value, headers };
  }

  private headers(): Record<string, Buffer> {
    const headers: Record<string, Buffer> = {};
    const count = this.varint();
    if (count < 0 || count > this.bytes.length - this.at)
      throw new RangeError('a record has too many headers');
    for (let index = 0; index < count; index++) {
      const name = this.headerName(index);
      const value = this.nullableBytes() ?? EMPTY;
      if (name === '__proto__') {
        Object.defineProperty(headers, name, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      } else {
        headers[name] = value;
      }
    }
    return headers;
  }

  private headerName(index: number): string {
    const length = this.varint();
    const start = this.at;
    const end = start + length;
    if (length < 0 || end > this.bytes.length) throw new RangeError('a header name is longer than its batch');
    this.at = end;
    const known = this.names[index];
    if (known && this.equals(known.bytes, start, length)) return known.name;
    const bytes = this.bytes.subarray(start, end);
    const name = bytes.toString('utf8');
    if (index <= this.names.length) this.names[index] = { bytes, name };
    return name;
  }

  private equals(known: Buffer, start: number, length: number): boolean {
    if (known.length !== length) return false;
    for (let index = 0; index < length; index++) {
      if (known[index] !== this.bytes[start + index]) return false;
    }
    return true;
  }

  private nullableBytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    const end = start + length;
    if (end > this.bytes.length) throw new RangeError('a field is longer than its batch');
    this.at = end;
    return length === 0 ? EMPTY : this.bytes.subarray(start, end);
  }

  /** A zigzag varint of up to 64 bits; exact within safe integers. */
  private varint(): number {
    const bytes = this.bytes;
    const first = bytes[this.at]!;
    if (first < 0x80) {
      this.at += 1;
      return (first >>> 1) ^ -(first & 1);
    }
    let value = 0;
    let factor = 1;
    for (let index = 0; index < 10; index++) {
      const byte = bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 0x80;
    }
    throw new RangeError('a number is longer than its field');
  }
}
