import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { ParleyOptions } from '@parley/transport';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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
  const child = (service: string, kind: string, extra: Partial<ParleyOptions> = {}, ...args: string[]) => {
    const made = new Child('ending-service.mjs', services.options(service, extra), kind, ...args);
    children.push(made);
    return made;
  };
  beforeAll(() => services.start('backend', [BackendController]));
  afterAll(async () => {
    for (const one of children) one.kill();
    await services.stop();
  });

  it.each(['microservice', 'hybrid', 'standalone'])(
    'in the middle of everything: a %s loses no reply, no event and no offset',
    async kind => {
      const leaving = child(kind, kind, {}, 'failing');
      await leaving.says('listening');
      const client = services.client(kind);
      const ask = (pattern: string, ids: readonly number[], data: object) =>
        Promise.all(ids.map(id => firstValueFrom(client.send<string>(pattern, { id, ...data }))));
      const emit = (pattern: string, ids: readonly number[], data: object) =>
        Promise.all(ids.map(id => lastValueFrom(client.emit(pattern, { id, ...data }))));
      const said = (what: string, ids: readonly number[]) =>
        expect(leaving.said).toEqual(expect.arrayContaining(ids.map(id => `${what} ${id}`)));

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

      const next = child(kind, kind);
      const ended = leaving.terminate();
      const late = ask('slow', numbers(50, 55), { ms: 10 });

      expect(await slow).toEqual(numbers(0, 10).map(id => `answer ${id}`));
      // A second signal changes nothing.
      void leaving.terminate();
      expect(await relayed).toEqual(numbers(10, 13).map(id => `backend's answer ${id}`));
      expect(await large).toEqual(['x'.repeat(2_000_000)]);
      expect(await stream).toEqual(numbers(0, 30));
      const { signal, ms } = await ended;
      expect(signal).toBe('SIGTERM');
      expect(ms).toBeLessThan(services.options(kind).drainTimeoutMs! + MARGIN_MS);

      expect(await resumed).toEqual(numbers(0, 60));
      expect(await late).toEqual(numbers(50, 55).map(id => `answer ${id}`));
      await vi.waitFor(
        () =>
          expect([...leaving.said, ...next.said]).toEqual(
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
        id => leaving.said.includes(`has done ${id}`) && next.said.includes(`begins ${id}`),
      );
      expect(twice).toEqual([]);
    },
  );

  it('ends a process that has not reached Kafka yet', async () => {
    const early = child('early', 'microservice', {
      drainTimeoutMs: 1000,
      kafka: { brokers: '127.0.0.1:1' },
    });
    await early.says('starting');
    const { signal, ms } = await early.terminate();
    expect(signal).toBe('SIGTERM');
    expect(ms).toBeLessThan(1000 + MARGIN_MS);
  });
});
