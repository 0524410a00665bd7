import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { ParleyContext, ParleyRecordBuilder, type RecordMetadata } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readTopic } from './setup/read-topic.js';
import { Services } from './setup/services.js';

interface Seen {
  by: string;
  data: unknown;
  context: ParleyContext;
}
const seen: Seen[] = [];

@Controller()
class ListeningController {
  @EventPattern<string>('user.created')
  first(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    seen.push({ by: 'first', data, context });
  }

  @EventPattern<string>('user.created')
  second(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    seen.push({ by: 'second', data, context });
  }

  @EventPattern('bad.day')
  bad(@Payload() data: string): void {
    seen.push({ by: 'bad', data, context: undefined as never });
    if (data === 'fails') throw new Error('it is a bad day');
  }
}

@Controller()
class OtherController {
  @EventPattern<string>('user.created')
  other(@Payload() data: unknown, @Ctx() context: ParleyContext): void {
    seen.push({ by: 'other service', data, context });
  }
}

describe('events', () => {
  const services = new Services();
  beforeAll(async () => {
    await services.start('listener', [ListeningController]);
    await services.start('other', [OtherController]);
  });
  afterAll(() => services.stop());

  const of = (by: string, data?: unknown) =>
    seen.filter(entry => entry.by === by && (data === undefined || entry.data === data));

  it('reach each handler of each service once, and no inbox', async () => {
    const client = services.client('listener', { from: 'emitter' });
    const record = new ParleyRecordBuilder('ada').setKey('k1').setHeaders({ tenant: 'blue' }).build();
    const place = await firstValueFrom(client.emit<RecordMetadata>('user.created', record));
    expect(place).toMatchObject({
      topic: `${services.prefix}user.created`,
      offset: expect.any(Number) as number,
    });
    await vi.waitFor(() => {
      for (const by of ['first', 'second', 'other service']) expect(of(by, 'ada')).toHaveLength(1);
    });
    const { context } = of('first', 'ada')[0]!;
    expect(context).toMatchObject({ key: 'k1', headers: { tenant: 'blue' }, ...place });
    await client.close();
    for (const service of ['emitter', 'listener', 'other']) {
      expect(await readTopic(`${services.prefix}${service}.inbox`)).toEqual([]);
    }
  });

  it('with one key are handled in the order they were sent', async () => {
    const client = services.client('listener');
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    await Promise.all(
      numbers.map(n =>
        firstValueFrom(client.emit('user.created', new ParleyRecordBuilder(n).setKey('same').build())),
      ),
    );
    await vi.waitFor(() =>
      expect(of('first').filter(({ data }) => typeof data === 'number')).toHaveLength(200),
    );
    const order = of('first').flatMap(({ data }) => (typeof data === 'number' ? [data] : []));
    expect(order).toEqual(numbers);
  });

  it('whose handler fails are tried again, then kept as dead letters with their cause; the next is handled', async () => {
    const client = services.client('listener');
    await firstValueFrom(client.emit('bad.day', 'fails'));
    await firstValueFrom(client.emit('bad.day', 'works'));
    await vi.waitFor(() => expect(of('bad', 'works')).toHaveLength(1));
    const [letter] = await vi.waitFor(
      async () => {
        const letters = await readTopic(`${services.prefix}bad.day.listener.dead`);
        expect(letters).toHaveLength(1);
        return letters;
      },
      { timeout: 15_000, interval: 200 },
    );
    expect(of('bad', 'fails').length).toBeGreaterThan(1);
    expect(letter!.value).toBe('"fails"');
    expect(letter!.headers).toMatchObject({
      'parley-dead-cause-name': 'Error',
      'parley-dead-cause-message': 'it is a bad day',
      'parley-dead-stack': expect.stringContaining('bad day') as string,
      'parley-dead-attempts': '4',
      'parley-dead-topic': `${services.prefix}bad.day`,
      'parley-dead-service': 'listener',
    });
  });

  it('are sent before anybody listens, and read from the earliest by a service that comes later', async () => {
    const before = of('first').length;
    const client = services.client('listener');
    await firstValueFrom(client.emit('user.created', 'early'));
    await vi.waitFor(() => expect(of('first').length).toBeGreaterThan(before));
    await services.start('latecomer', [OtherController]);
    await vi.waitFor(() => expect(of('other service', 'early')).toHaveLength(2));
  });

  it('whose pattern Kafka cannot take as a topic fail with the reason', async () => {
    await expect(firstValueFrom(services.client('listener').emit('no/slash', 1))).rejects.toMatchObject({
      status: 'INVALID_ARGUMENT',
    });
    await expect(firstValueFrom(services.client('listener').emit('x.inbox', 1))).rejects.toThrow(
      /suffix that Parley keeps/,
    );
  });
});
