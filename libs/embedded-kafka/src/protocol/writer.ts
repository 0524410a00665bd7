/** Byte strings from this size on are sent from where they lie instead of being copied. */
const BY_REFERENCE = 2048;

const LENGTH = 4;

/** Writes Kafka's primitive types into one frame: a growing list of chunks, ready for a socket. */
export class Writer {
  private readonly done: Buffer[] = [];
  private doneLength = 0;
  private chunk = Buffer.allocUnsafe(512);
  private position = LENGTH;

  int8(value: number): void {
    const at = this.claim(1);
    this.chunk.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.claim(2);
    this.chunk.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.claim(4);
    this.chunk.writeInt32BE(value, at);
  }

  /** Exact up to 2^53; what lies beyond the type's range becomes its end, so that Long.MAX_VALUE survives. */
  int64(value: number): void {
    const at = this.claim(8);
    if (value >= 2 ** 63) {
      this.chunk.writeInt32BE(0x7fff_ffff, at);
      this.chunk.writeInt32BE(-1, at + 4);
    } else {
      this.chunk.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
      this.chunk.writeInt32BE(value | 0, at + 4);
    }
  }

  uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      const at = this.claim(1);
      this.chunk[at] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    const at = this.claim(1);
    this.chunk[at] = rest;
  }

  uuid(hex: string): void {
    const at = this.claim(16);
    this.chunk.write(hex, at, 16, 'hex');
  }

  utf8(text: string, length: number): void {
    const at = this.claim(length);
    this.chunk.write(text, at, length);
  }

  /** Large bytes are kept by reference: they must not change until the writer's chunks are sent. */
  raw(bytes: Buffer): void {
    if (bytes.length < BY_REFERENCE) {
      const at = this.claim(bytes.length);
      bytes.copy(this.chunk, at);
      return;
    }
    this.seal();
    this.done.push(bytes);
    this.doneLength += bytes.length;
  }

  /** The finished frame, its length in front. */
  frame(): readonly Buffer[] {
    this.seal();
    this.done[0]?.writeInt32BE(this.doneLength - LENGTH, 0);
    return this.done;
  }

  private seal(): void {
    if (this.position === 0) return;
    this.done.push(this.chunk.subarray(0, this.position));
    this.doneLength += this.position;
    this.chunk = this.chunk.subarray(this.position);
    this.position = 0;
  }

  private claim(length: number): number {
    if (this.position + length > this.chunk.length) {
      this.seal();
      this.chunk = Buffer.allocUnsafe(Math.max(length, Math.min(2 * this.doneLength, 65_536), 512));
    }
    const at = this.position;
    this.position += length;
    return at;
  }
}
