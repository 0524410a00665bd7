/** How a batch of records may be compressed, by the names that Kafka's own clients use. */
export type CompressionName = 'gzip' | 'snappy' | 'lz4' | 'zstd';

export const COMPRESSION_NAMES = [
  'gzip',
  'snappy',
  'lz4',
  'zstd',
] as const satisfies readonly CompressionName[];

/** Kafka's number of each codec, as it stands in a batch's attributes. */
export const CODEC_NUMBERS: Readonly<Record<CompressionName, number>> = {
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

/** One way to compress. Both may raise, or reject, where they cannot. */
export interface CompressionCodec {
  compress(bytes: Buffer): Promise<Buffer> | Buffer;
  decompress(bytes: Buffer): Promise<Buffer> | Buffer;
}

/**
 * What a batch may come to when it is decompressed: a batch of a few bytes can be made that fills all memory. One that
 * is larger is skipped and told of, as any that cannot be read.
 */
export const MAX_PLAIN_BYTES = 128 * 1024 * 1024;
