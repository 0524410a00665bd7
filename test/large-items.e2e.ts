import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

const MIB = 1024 * 1024;

/** Text that tells of every place in it whether it is where it belongs. */
function text(bytes: number, seed = 0): string {
  const buffer = Buffer.alloc(bytes);
  for (let index = 0; index < bytes; index += 1)
    buffer[index] = 97 + ((index * 7 + (index >> 9) + seed) % 26);
  return buffer.toString('latin1');
}

@Controller()
class LargeController {
  @MessagePattern('text')
  text(@Payload() { bytes, seed = 0 }: { bytes: number; seed?: number }): string {
    return text(bytes, seed);
  }

  @MessagePattern('check')
  check(@Payload() { given, seed = 0 }: { given: string; seed?: number }): {
    bytes: number;
    intact: boolean;
  } {
    return { bytes: given.length, intact: given === text(given.length, seed) };
  }

  @MessagePattern('mixed')
  async *mixed(@Payload() sizes: number[]): AsyncGenerator<string> {
    for (const [index, bytes] of sizes.entries()) yield text(bytes, index);
  }
}

describe('large items', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('large', [LargeController], { maxItemBytes: 6 * MIB });
  });
  afterAll(() => services.stop());

  it('a reply of 5 MiB arrives whole', async () => {
    const reply = await firstValueFrom(services.client('large').send<string>('text', { bytes: 5 * MIB }));
    expect(reply === text(5 * MIB)).toBe(true);
  });

  it.each([undefined, 'a-key'])('a request of 5 MiB arrives whole, with key %s', async key => {
    const client = services.client('large');
    const builder = new ParleyRecordBuilder({ given: text(5 * MIB) });
    const record = key === undefined ? builder.build() : builder.setKey(key).build();
    expect(await firstValueFrom(client.send('check', record))).toEqual({ bytes: 5 * MIB, intact: true });
  });

  it('a stream of small and large items arrives whole and in order', async () => {
    const sizes = Array.from({ length: 40 }, (_, index) => (index % 8 === 5 ? 3 * MIB : 100));
    const items = await lastValueFrom(services.client('large').send<string>('mixed', sizes).pipe(toArray()));
    expect(items.map(({ length }) => length)).toEqual(sizes);
    for (const [index, item] of items.entries()) expect(item === text(sizes[index]!, index)).toBe(true);
  });
});
