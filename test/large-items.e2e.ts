import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { ParleyRecordBuilder } from '@parley/transport';
import { Kafka, logLevel } from 'kafkajs';
import { firstValueFrom, lastValueFrom, toArray, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Child } from './setup/child.js';
import { lagOf } from './setup/lag.js';
import { Services } from './setup/services.js';

const MIB = 1024 * 1024;

/** Text that tells of every place in it whether it is where it belongs. */
function text(bytes: number, seed = 0): string {
  const buffer = Buffer.alloc(bytes);
  for (let index = 0; index < bytes; index += 1)
    buffer[index] = 97 + ((index * 7 + (index >> 9) + seed) % 26);
  return buffer.toString('latin1');
}

const events: number[] = [];

@Controller()
class LargeController {
  @MessagePattern('ping')
  ping(@Payload() n: number): number {
    return n;
  }

  @MessagePattern('greet')
  greet(@Payload() given: string): { intact: boolean } {
    return { intact: given === text(given.length) };
  }

  @EventPattern('told')
  told(@Payload() given: string): void {
    events.push(given.length);
  }

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
    await services.start('other', [LargeController]);
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

  it('beyond the limit they fail with its size, whoever sets it', async () => {
    const status = (call: Observable<unknown>) => firstValueFrom(call).catch((error: unknown) => error);
    const given = text(7 * MIB);
    const invalid = (message: RegExp) => ({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message) as string,
    });
    // The server's limit is 6 MiB, the callers' 16 MiB and 1 MiB.
    const client = services.client('large');
    expect(await status(client.send('check', { given }))).toMatchObject(
      invalid(/the request weighs 73400\d\d bytes; the limit of its server is 6291456/),
    );
    expect(await status(client.send('text', { bytes: 7 * MIB }))).toMatchObject(
      invalid(/an item of the reply weighs 73400\d\d bytes; the limit of its server is 6291456/),
    );
    const strict = services.client('large', { maxItemBytes: MIB });
    expect(await status(strict.send('check', { given }))).toMatchObject(
      invalid(/the data for check weighs 73400\d\d bytes; the limit is 1048576/),
    );
    expect(await status(strict.send('text', { bytes: 2 * MIB }))).toMatchObject(
      invalid(/item 0 of the reply to text weighs 20971\d\d bytes; the limit here is 1048576/),
    );
    expect(await status(strict.send('ping', 1))).toBe(1);
  });

  it('many at once arrive whole, and small calls go on being answered', async () => {
    const client = services.client('other');
    await client.connect();
    const many = Array.from({ length: 15 }, async (_, seed) => {
      const [reply, checked] = await Promise.all([
        firstValueFrom(client.send<string>('text', { bytes: 5 * MIB, seed })),
        firstValueFrom(client.send<{ intact: boolean }>('check', { given: text(2 * MIB, seed), seed })),
      ]);
      return reply === text(5 * MIB, seed) && checked.intact;
    });
    const all = Promise.all(many);
    const arriving = { some: true };
    void all.catch(() => undefined).finally(() => (arriving.some = false));
    let answered = 0;
    for (; arriving.some; answered += 1)
      expect(await firstValueFrom(client.send('ping', answered))).toBe(answered);
    expect(answered).toBeGreaterThan(10);
    expect(await all).toEqual(Array(15).fill(true));
  });

  it('a request of a server that was killed is given whole to another, and is done with its parts', async () => {
    const doomed = new Child('doomed-server.mjs', services.options('mourned'));
    let answer: Promise<unknown>;
    try {
      await doomed.says('listening');
      answer = firstValueFrom(services.client('mourned').send('greet', text(3 * MIB)));
      await doomed.says('greet');
    } finally {
      doomed.kill();
    }
    await services.start('mourned', [LargeController]);
    expect(await answer).toEqual({ intact: true });
    const topic = `${services.prefix}mourned.calls`;
    await vi.waitFor(async () => expect(await lagOf(topic, topic)).toBe(0), { timeout: 15_000 });
  });

  it('arrive on topics that take less than a part', async () => {
    const brokers = inject('brokers').split(',');
    const admin = new Kafka({ clientId: 'large-items', brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const configEntries = [{ name: 'max.message.bytes', value: '50000' }];
    const topics = ['narrow.calls', 'narrow-caller.inbox'].map(name => ({
      topic: `${services.prefix}${name}`,
      numPartitions: 2,
      configEntries,
    }));
    await admin.createTopics({ topics, waitForLeaders: true });
    await admin.disconnect();
    await services.start('narrow', [LargeController]);
    const client = services.client('narrow', { from: 'narrow-caller' });
    for (const bytes of [60_000, MIB]) {
      expect(await firstValueFrom(client.send<string>('text', { bytes }))).toBe(text(bytes));
      expect(await firstValueFrom(client.send('check', { given: text(bytes) }))).toEqual({
        bytes,
        intact: true,
      });
    }
    const items = await lastValueFrom(
      client.send<string>('mixed', [10, 60_000, 10, MIB, 10]).pipe(toArray()),
    );
    expect(items.map(({ length }) => length)).toEqual([10, 60_000, 10, MIB, 10]);
  });

  it.each([
    [2 * MIB, /larger than topic .*told takes \(its max\.message\.bytes\)/],
    [17 * MIB, /is larger than 16777216 bytes/],
  ])('an event of %i bytes fails: it is one record, for whoever reads it', async (bytes, message) => {
    const client = services.client('large');
    const failure = await firstValueFrom(client.emit('told', text(bytes))).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message) as string,
    });
    await firstValueFrom(client.emit('told', text(100)));
    await vi.waitFor(() => expect(events).toContain(100));
    expect(events).not.toContain(bytes);
  });
});
