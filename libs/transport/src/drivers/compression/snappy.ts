import { MAX_PLAIN_BYTES } from './codec.js';
import type { CompressionCodec } from './codec.js';

/** Of the package `snappy`. */
export interface SnappyPackage {
  compress: (bytes: Buffer) => Promise<Buffer>;
  uncompress: (bytes: Buffer, options: { asBuffer: true }) => Promise<Buffer | string>;
}

/** How Kafka's Java clients begin: what follows are blocks, each behind its length, after two version numbers. */
const FRAMED = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const FRAME_HEADER_BYTES = FRAMED.length + 8;

/** Writes one plain block, which every client reads; reads that and the blocks that Java clients write. */
export function snappyCodec({ compress, uncompress }: SnappyPackage): CompressionCodec {
  return {
    compress: bytes => compress(bytes),
    async decompress(bytes) {
      const blocks = blocksOf(bytes);
      const plainBytes = blocks.reduce((sum, block) => sum + plainLength(block), 0);
      if (plainBytes > MAX_PLAIN_BYTES) throw new RangeError(`it says that it holds ${plainBytes} bytes`);
      const plain = await Promise.all(blocks.map(block => uncompress(block, { asBuffer: true })));
      return Buffer.concat(plain.map(block => Buffer.from(block)));
    },
  };
}

/** Raises a RangeError where a block is longer than what there is. */
export function blocksOf(bytes: Buffer): Buffer[] {
  if (!bytes.subarray(0, FRAMED.length).equals(FRAMED)) return [bytes];
  const blocks: Buffer[] = [];
  for (let at = FRAME_HEADER_BYTES; at < bytes.length;) {
    const start = at + 4;
    const end = start + bytes.readInt32BE(at);
    if (end < start || end > bytes.length) throw new RangeError('a block of it is longer than the batch');
    blocks.push(bytes.subarray(start, end));
    at = end;
  }
  return blocks;
}

/** A block begins with the length of what it holds, as a varint. */
function plainLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) break;
  }
  return length;
}
