import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { EmbeddedKafka } from '@parley/embedded-kafka';
import { ParleyRecordBuilder } from '@parley/transport';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { Child } from './setup/child.js';
import { lagOf } from './setup/lag.js';
import { Services } from './setup/services.js';

/** What a process may take beyond its `drainTimeoutMs` to be gone. */
const MARGIN_MS = 1000;
const WITHIN = { timeout: 20_000, interval: 20 };

interface Asked {
  id: number;
  ms: number;
}

@Controller()
class BackendController {
  @MessagePattern('slow')
  async slow(@Payload() { id, ms }: Asked): Promise<string> {
    await delay(ms);
    return `backend's answer ${id}`;
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe('SIGTERM', () => {
  const services = new Services();
  const children: Child[] = [];
  const child = (options: object, ...args: string[]) => {
    const made = new Child('ending-service.mjs', options, ...args);
    children.push(made);
    return made;
  };
  afterEach(() => children.splice(0).forEach(one => one.kill()));
  afterAll(() => services.stop());

  it.each(['microservice', 'hybrid', 'standalone'])(
    'in the middle of everything: a %s loses no reply, no event and no offset',
    async kind => {
      const options = services.options(kind);
      await services.start('backend', [BackendController]);
      const ending = child(options, kind, 'failing');
      await ending.says('listening');
      const client = services.client(kind);
      const ask = (pattern: string, ids: readonly number[], data: object) =>
        Promise.all(ids.map(id => firstValueFrom(client.send<string>(pattern, { id, ...data }))));
      const emit = (pattern: string, ids: readonly number[], data: object) =>
        Promise.all(ids.map(id => lastValueFrom(client.emit(pattern, { id, ...data }))));
      const said = (what: string, ids: readonly number[]) =>
        expect(ending.said).toEqual(expect.arrayContaining(ids.map(id => `${what} ${id}`)));

      await emit('work', numbers(0, 20), { ms: 0 });
      await vi.waitFor(() => said('has done', numbers(0, 20)), WITHIN);
      await emit('work', numbers(20, 30), { ms: 600 });
      await emit('flaky', numbers(30, 35), {});
      await emit('later', numbers(35, 40), {});
      const slow = ask('slow', numbers(0, 10), { ms: 600 });
      const relayed = ask('relay', numbers(10, 13), { ms: 300 });
      const large = ask('large', numbers(13, 14), { ms: 300, bytes: 2_000_000 });
      const stream = lastValueFrom(client.send('count', { items: 30, everyMs: 20 }).pipe(toArray()));
      const resumed = lastValueFrom(
        client.send('count-resumable', { items: 60, everyMs: 20 }).pipe(toArray()),
      );
      await vi.waitFor(() => {
        said('slow', numbers(0, 14));
        said('begins', numbers(20, 30));
        said('fails', numbers(30, 40));
      }, WITHIN);

      const next = child(options, kind);
      const ended = ending.terminate();
      const late = ask('slow', numbers(50, 55), { ms: 10 });

      expect(await slow).toEqual(numbers(0, 10).map(id => `answer ${id}`));
      expect(await relayed).toEqual(numbers(10, 13).map(id => `backend's answer ${id}`));
      expect(await large).toEqual(['x'.repeat(2_000_000)]);
      expect(await stream).toEqual(numbers(0, 30));
      const { signal, ms } = await ended;
      expect(signal).toBe('SIGTERM');
      expect(ms).toBeLessThan(options.drainTimeoutMs! + MARGIN_MS);

      expect(await resumed).toEqual(numbers(0, 60));
      expect(await late).toEqual(numbers(50, 55).map(id => `answer ${id}`));
      await vi.waitFor(
        () =>
          expect([...ending.said, ...next.said]).toEqual(
            expect.arrayContaining(numbers(0, 40).map(id => `has done ${id}`)),
          ),
        WITHIN,
      );
      const groups = {
        work: 'events',
        flaky: 'events',
        later: 'events',
        [`later.${kind}.retry.500ms`]: 'retries',
      };
      for (const [topic, group] of Object.entries(groups))
        await vi.waitFor(
          async () =>
            expect(await lagOf(`${services.prefix}${kind}.${group}`, `${services.prefix}${topic}`)).toBe(0),
          WITHIN,
        );
      const twice = numbers(0, 40).filter(
        id => ending.said.includes(`has done ${id}`) && next.said.includes(`begins ${id}`),
      );
      expect(twice).toEqual([]);
    },
  );

  it('twice changes nothing, and the other member takes over at once', async () => {
    const service = 'shared';
    const leaving = child(services.options(service), 'microservice');
    await leaving.says('listening');
    const client = services.client(service);
    const answer = firstValueFrom(client.send<string>('slow', { id: 1, ms: 500 }));
    await vi.waitFor(() => expect(leaving.said).toContain('slow 1'), WITHIN);
    await services.start(service, [StayingController]);
    const ended = leaving.terminate();
    void leaving.terminate();
    expect(await answer).toBe('answer 1');
    expect((await ended).signal).toBe('SIGTERM');
    const from = performance.now();
    const answers = numbers(0, 8).map(key =>
      firstValueFrom(
        client.send<string>('slow', new ParleyRecordBuilder({ id: key, ms: 0 }).setKey(`${key}`).build()),
      ),
    );
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['the other member']));
    expect(performance.now() - from).toBeLessThan(2000);
  });

  it('ends a process whose handlers hang: callers are told, and events are left to the next', async () => {
    const options = services.options('hung', { drainTimeoutMs: 1000 });
    const hung = child(options, 'microservice', 'failing');
    await hung.says('listening');
    const client = services.client('hung');
    const refused = expect(firstValueFrom(client.send('hang', 1))).rejects.toMatchObject({
      status: 'UNAVAILABLE',
    });
    await lastValueFrom(client.emit('hanging', 2));
    await vi.waitFor(() => expect(hung.said).toEqual(expect.arrayContaining(['hangs 1', 'hangs 2'])), WITHIN);
    const { signal, ms } = await hung.terminate();
    expect(signal).toBe('SIGTERM');
    expect(ms).toBeLessThan(options.drainTimeoutMs! + MARGIN_MS);
    await refused;
    const next = child(options, 'microservice');
    await vi.waitFor(() => expect(next.said).toContain('has done 2'), WITHIN);
  });

  it('ends a process whose Kafka is gone', async () => {
    const kafka = await EmbeddedKafka.start();
    const options = {
      ...services.options('cut-off', { drainTimeoutMs: 1000 }),
      kafka: { brokers: kafka.bootstrap },
    };
    const cutOff = child(options, 'microservice', 'failing');
    await cutOff.says('listening');
    const client = services.client('cut-off', { kafka: options.kafka });
    firstValueFrom(client.send('slow', { id: 1, ms: 200 })).catch(() => undefined);
    await lastValueFrom(client.emit('work', { id: 2, ms: 200 }));
    await vi.waitFor(
      () => expect(cutOff.said).toEqual(expect.arrayContaining(['slow 1', 'begins 2'])),
      WITHIN,
    );
    const [closed] = await Promise.all([client.close(), kafka.close()]);
    expect(closed).toBeUndefined();
    const { signal, ms } = await cutOff.terminate();
    expect(signal).toBe('SIGTERM');
    expect(ms).toBeLessThan(options.drainTimeoutMs! + MARGIN_MS);
  });

  it.each([true, false])('ends a process that has not started yet (Kafka there: %s)', async there => {
    const options = services.options('early', {
      drainTimeoutMs: 1000,
      ...(!there && { kafka: { brokers: '127.0.0.1:1' } }),
    });
    const early = child(options, 'microservice');
    await early.says('starting');
    const { ms } = await early.terminate();
    expect(ms).toBeLessThan(options.drainTimeoutMs! + MARGIN_MS);
  });
});

@Controller()
class StayingController {
  @MessagePattern('slow')
  slow(@Payload() _asked: Asked): string {
    return 'the other member';
  }

  @EventPattern('work')
  work(@Payload() _asked: Asked): void {}
}
