import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { jsonCodec, type Codec, type ParleyOptions } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

const heard: unknown[] = [];

/** The application: it stays the same whatever is swapped below. */
@Controller()
class SameController {
  @MessagePattern('same.call')
  call(@Payload() data: { n: number }): { n: number } {
    return { n: data.n + 1 };
  }

  @EventPattern<string>('same.event')
  event(@Payload() data: unknown): void {
    heard.push(data);
  }
}

/** JSON written backwards: no other codec can read it. */
const backwards: Codec = {
  name: 'backwards',
  encode: value => {
    const { type, bytes } = jsonCodec.encode(value);
    return { type, bytes: Buffer.from(bytes.toReversed()) };
  },
  decode: (type, bytes) => jsonCodec.decode(type, Buffer.from(bytes.toReversed())),
};

const CHOICES: Record<string, Partial<ParleyOptions>> = {
  'the defaults': {},
  'another codec': { codec: backwards },
  'a topic for each pattern': { routing: 'topic-per-pattern' },
  'another prefix': { prefix: `other${Date.now()}.` },
};

describe('changed in a single place', () => {
  let services: Services;
  afterEach(() => services.stop());

  it.each(Object.entries(CHOICES))('%s: the application works as it is', async (_name, choice) => {
    services = new Services();
    heard.length = 0;
    await services.start('same', [SameController], choice);
    const client = services.client('same', choice);
    expect(await firstValueFrom(client.send('same.call', { n: 1 }))).toEqual({ n: 2 });
    await firstValueFrom(client.emit('same.event', 'x'));
    await vi.waitFor(() => expect(heard).toEqual(['x']));
    const prefix = choice.prefix ?? services.prefix;
    const topic = choice.routing === 'topic-per-pattern' ? `${prefix}same.call` : `${prefix}same.calls`;
    const [request] = await readTopic(topic);
    expect(request!.value).toBe(choice.codec ? '}1:"n"{' : '{"n":1}');
    expect(Object.keys(request!.headers)).toEqual(['parley']);
  });
});
