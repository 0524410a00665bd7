import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { MAX_PLAIN_BYTES } from './codec.js';
import type { CompressionCodec } from './codec.js';

const [compress, decompress] = [promisify(gzip), promisify(gunzip)];

/** Node's own, on its thread pool. */
export const gzipCodec: CompressionCodec = {
  compress: bytes => compress(bytes),
  decompress: bytes => decompress(bytes, { maxOutputLength: MAX_PLAIN_BYTES }),
};
