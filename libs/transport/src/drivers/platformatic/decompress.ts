import type { PlatformaticKafka } from './client.js';

/** The plain bytes of a compressed batch. zstd needs Node 22.15; raises where there is no codec. */
export function decompress(client: PlatformaticKafka, codec: number, bytes: Buffer): Buffer {
  const algorithm = client.compressionsAlgorithmsByBitmask[codec];
  if (!algorithm) throw new Error(`it is compressed by a codec that is not known, number ${codec}`);
  if (!algorithm.available) throw new Error(`this Node has no decompression for codec number ${codec}`);
  return algorithm.decompressSync(bytes);
}
