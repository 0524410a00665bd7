import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { COMPRESSION_NAMES, MAX_PLAIN_BYTES } from './codec.js';
import { Codecs } from './codecs.js';
import { blocksOf } from './snappy.js';

const PLAIN = Buffer.from('plain '.repeat(1_000));

/** As where none of the packages is installed. */
function bare() {
  const missing = () => Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'X' }));
  const optional = (name: string) => ({ load: vi.fn(missing), advice: `install ${name}` });
  const packages = { snappy: optional('snappy'), lz4: optional('lz4'), zstd: optional('zstd') };
  return { codecs: new Codecs({}, packages), packages };
}

describe('codecs', () => {
  it.each(COMPRESSION_NAMES)('of %s give back what they were given', async name => {
    const codec = await new Codecs().of(name);
    const packed = await codec.compress(PLAIN);
    expect(packed.length).toBeLessThan(PLAIN.length / 10);
    expect(await codec.decompress(packed)).toEqual(PLAIN);
  });

  it.each(['snappy', 'lz4', 'zstd'] as const)(
    'say what to install where %s is missing, and try again',
    async name => {
      const { codecs, packages } = bare();
      for (let tries = 0; tries < 2; tries++) {
        await expect(codecs.of(name)).rejects.toMatchObject({ name: 'DriverError', kind: 'permanent' });
        await expect(codecs.of(name)).rejects.toThrow(`install ${name}, or give one as kafka.codecs.${name}`);
      }
      expect(packages[name].load.mock.calls.length).toBeGreaterThan(1);
    },
  );

  it('need no package for gzip', async () => {
    const { codecs } = bare();
    expect(await codecs.decompress(1, gzipSync(PLAIN))).toEqual(PLAIN);
  });

  it('are those given, where some are given', async () => {
    const given = { compress: (bytes: Buffer) => bytes, decompress: () => Buffer.from('own') };
    expect(await new Codecs({ zstd: given }).decompress(4, PLAIN)).toEqual(Buffer.from('own'));
  });

  it('are told by number where one is not known', async () => {
    await expect(new Codecs().decompress(6, PLAIN)).rejects.toThrow('not known, number 6');
  });

  it.each([
    ['gzip', 1, gzipSync(Buffer.alloc(MAX_PLAIN_BYTES + 1))],
    ['snappy', 2, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0])],
  ])('take no more memory than a batch may come to: %s', async (_, number, bomb) => {
    await expect(new Codecs().decompress(number, bomb)).rejects.toBeInstanceOf(RangeError);
  });
});

describe('snappy as Java clients write it', () => {
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

  it('is read block by block', async () => {
    const codec = await new Codecs().of('snappy');
    const blocks = await Promise.all([PLAIN, Buffer.from('end')].map(async bytes => codec.compress(bytes)));
    const framed = blocks.flatMap(block => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(block.length);
      return [length, block];
    });
    const plain = await new Codecs().decompress(2, Buffer.concat([header, ...framed]));
    expect(plain).toEqual(Buffer.concat([PLAIN, Buffer.from('end')]));
  });

  it.each([[[0, 0, 0, 9, 1]], [[255, 255, 255, 255, 1]]])(
    'is refused where a block does not fit: %j',
    bytes => {
      expect(() => blocksOf(Buffer.concat([header, Buffer.from(bytes)]))).toThrow(RangeError);
    },
  );
});
