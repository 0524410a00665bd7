import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { MAX_PLAIN_BYTES } from './codec.js';
import type { CompressionCodec } from './codec.js';

type Callback = (error: Error | null, result: Buffer) => void;

/** What zlib has of zstd from Node 22.15 on. */
interface ZlibWithZstd {
  zstdCompress: (bytes: Buffer, callback: Callback) => void;
  zstdDecompress: (bytes: Buffer, options: { maxOutputLength: number }, callback: Callback) => void;
}

/** Node's own, on its thread pool; undefined where this Node has none. */
export function nodeZstd(): CompressionCodec | undefined {
  const own: object = zlib;
  if (!hasZstd(own)) return undefined;
  const [compress, decompress] = [promisify(own.zstdCompress), promisify(own.zstdDecompress)];
  return {
    compress: bytes => compress(bytes),
    decompress: bytes => decompress(bytes, { maxOutputLength: MAX_PLAIN_BYTES }),
  };
}

function hasZstd(own: object): own is ZlibWithZstd {
  return 'zstdCompress' in own && 'zstdDecompress' in own;
}
