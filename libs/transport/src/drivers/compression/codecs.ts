import { DriverError } from '../driver.js';
import { messageOf } from '../errors.js';
import { CODEC_NUMBERS, COMPRESSION_NAMES } from './codec.js';
import type { CompressionCodec, CompressionName } from './codec.js';
import { gzipCodec } from './gzip.js';
import { snappyCodec } from './snappy.js';
import { nodeZstd } from './zstd.js';

/** Codecs of the user's own, in place of those that are found by themselves. */
export type GivenCodecs = Partial<Readonly<Record<CompressionName, CompressionCodec>>>;

/** Where each codec comes from that Node need not have, and what to do where it is missing. */
const OPTIONAL = {
  snappy: {
    load: async () => snappyCodec(await import('snappy')),
    advice: 'run npm install snappy@^7',
  },
  lz4: {
    load: async (): Promise<CompressionCodec> => {
      const { compressFrame, decompressFrame } = await import('lz4-napi');
      return { compress: bytes => compressFrame(bytes), decompress: bytes => decompressFrame(bytes) };
    },
    advice: 'run npm install lz4-napi@^2',
  },
  zstd: {
    load: async (): Promise<CompressionCodec> => {
      const own = nodeZstd();
      if (own) return own;
      const { compress, decompress } = await import('@mongodb-js/zstd');
      return { compress: bytes => compress(bytes), decompress: bytes => decompress(bytes) };
    },
    advice: 'use Node 22.15 or newer, or run npm install @mongodb-js/zstd',
  },
};

/** The codecs of one driver. Packages are imported when a codec is first needed, none before that. */
export class Codecs {
  private readonly loaded = new Map<CompressionName, Promise<CompressionCodec>>();

  constructor(
    private readonly given: GivenCodecs = {},
    private readonly optional: typeof OPTIONAL = OPTIONAL,
  ) {}

  /** Rejects with a permanent DriverError that tells what to install where a codec is missing. */
  of(name: CompressionName): Promise<CompressionCodec> {
    let codec = this.loaded.get(name);
    if (!codec) {
      codec = this.load(name);
      codec.catch(() => this.loaded.delete(name)); // it may be installed by the next try
      this.loaded.set(name, codec);
    }
    return codec;
  }

  /** The plain bytes of a compressed batch's records, by Kafka's number of the codec. Rejects where there are none. */
  readonly decompress = async (number: number, bytes: Buffer): Promise<Buffer> => {
    const name = COMPRESSION_NAMES.find(candidate => CODEC_NUMBERS[candidate] === number);
    if (!name) throw new Error(`it is compressed by a codec that is not known, number ${number}`);
    const codec = await this.of(name);
    return codec.decompress(bytes);
  };

  private async load(name: CompressionName): Promise<CompressionCodec> {
    const given = this.given[name];
    if (given) return given;
    if (name === 'gzip') return gzipCodec;
    const { load, advice } = this.optional[name];
    try {
      return await load();
    } catch (cause) {
      throw new DriverError(
        'permanent',
        `There is no codec for ${name} (${messageOf(cause).split('\n', 1)[0]}): ${advice}, or give one as kafka.codecs.${name}`,
        'UNSUPPORTED_COMPRESSION_TYPE',
        { cause },
      );
    }
  }
}
