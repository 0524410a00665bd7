import { createRequire } from 'node:module';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.js';

const load = createRequire(import.meta.url);
const reference = load('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

describe('crc32c', () => {
  it('gives the check value of the CRC catalogue', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(0))).toBe(0);
  });

  test.prop([fc.uint8Array({ maxLength: 300 }), fc.nat(20), fc.nat(20)])(
    'agrees with another implementation on any range',
    (bytes, fromStart, fromEnd) => {
      const end = Math.max(0, bytes.length - fromEnd);
      const start = Math.min(fromStart, end);
      expect(crc32c(bytes, start, end)).toBe(reference(Buffer.from(bytes.subarray(start, end))));
    },
  );
});
