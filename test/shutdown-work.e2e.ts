import { setTimeout as delay } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext, ParleyRecordBuilder, ParleyServer } from '@parley/transport';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { lagOf } from './setup/lag.js';
import { Services } from './setup/services.js';

const WITHIN = { timeout: 10_000, interval: 20 };

/** What the handlers of this file have begun and done, in order. */
const begun: number[] = [];
const done: number[] = [];
/** While it is so, events of `hanging` hang. */
let hanging = false;

@Controller()
class WorkController {
  @EventPattern('work')
  async work(@Payload() id: number): Promise<void> {
    begun.push(id);
    await delay(40);
    done.push(id);
  }

  @EventPattern('hanging')
  async hang(@Payload() id: number): Promise<void> {
    begun.push(id);
    if (hanging) await new Promise<never>(() => undefined);
    done.push(id);
  }

  @MessagePattern('slow')
  async slow(@Payload() id: number): Promise<number> {
    begun.push(id);
    await delay(200);
    return id;
  }

  @MessagePattern('count')
  async *count(@Payload() _data: unknown): AsyncGenerator<number> {
    for (let n = 0; ; n += 1) yield n;
  }

  @MessagePattern('count-on')
  @Handling({ resumable: true })
  async *countOn(@Payload() _data: unknown, @Ctx() { resumeFrom }: ParleyContext): AsyncGenerator<number> {
    for (let n = resumeFrom; ; n += 1) yield n;
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const keyed = (id: number) => new ParleyRecordBuilder(id).setKey(`${id}`).build();

describe('closing a server', () => {
  const services = new Services();
  afterAll(() => services.stop());
  const lag = (service: string, topic: string) =>
    lagOf(`${services.prefix}${service}.events`, `${services.prefix}${topic}`);

  it('that is paused, since it has all it can do, leaves the rest to the next', async () => {
    const few = { eventConcurrency: 2 };
    const first = await services.start('busy', [WorkController], few);
    const client = services.client('busy');
    await Promise.all(numbers(0, 60).map(id => lastValueFrom(client.emit('work', keyed(id)))));
    await vi.waitFor(() => expect(done.length).toBeGreaterThan(2), WITHIN);
    await first.close();
    const left = done.length;
    expect(begun).toHaveLength(left);
    expect(left).toBeLessThan(60);
    await services.start('busy', [WorkController], { eventConcurrency: 64 });
    await vi.waitFor(() => expect(new Set(done)).toEqual(new Set(numbers(0, 60))), WITHIN);
    expect(done).toHaveLength(60);
    await vi.waitFor(async () => expect(await lag('busy', 'work')).toBe(0), WITHIN);
  });

  it('in the middle of a rebalance loses nothing, and the other members take over', async () => {
    const from = 1000;
    const leaving = await services.start('moving', [WorkController]);
    const client = services.client('moving');
    const events = numbers(from, from + 40);
    const calls = numbers(from + 100, from + 110);
    await Promise.all(events.map(id => lastValueFrom(client.emit('work', keyed(id)))));
    const answers = Promise.all(calls.map(id => firstValueFrom(client.send<number>('slow', keyed(id)))));
    await vi.waitFor(() => expect(begun.filter(id => id >= from).length).toBeGreaterThan(10), WITHIN);
    const [other] = await Promise.all([services.start('moving', [WorkController]), leaving.close()]);
    expect(await answers).toEqual(calls);
    expect(await firstValueFrom(client.send<number>('slow', from + 200))).toBe(from + 200);
    await vi.waitFor(() => expect(done).toEqual(expect.arrayContaining(events)), WITHIN);
    await vi.waitFor(async () => expect(await lag('moving', 'work')).toBe(0), WITHIN);
    await other.close();
  });

  it('whose handlers hang leaves their events to the next', async () => {
    hanging = true;
    const hung = await services.start('hung', [WorkController], { drainTimeoutMs: 200 });
    const client = services.client('hung');
    await lastValueFrom(client.emit('hanging', 2000));
    await vi.waitFor(() => expect(begun).toContain(2000), WITHIN);
    await hung.close();
    hanging = false;
    await services.start('hung', [WorkController]);
    await vi.waitFor(() => expect(done).toContain(2000), WITHIN);
  });

  it.each([
    ['ends', 'count'],
    ['moves to another server', 'count-on'],
  ])('whose stream waits for a caller that takes nothing %s', async (_what, pattern) => {
    const server = await services.start(pattern, [WorkController], { drainTimeoutMs: 300 });
    const client = services.client(pattern);
    const few = new ParleyRecordBuilder(0).setWindow(4).build();
    const items = client.send<number>(pattern, few)[Symbol.asyncIterator]();
    expect(await items.next()).toMatchObject({ value: 0 });
    const from = performance.now();
    await server.close();
    expect(performance.now() - from).toBeLessThan(1300);
    const next = await services.start(pattern, [WorkController], { drainTimeoutMs: 300 });
    const rest = async () => {
      for (let n = 1; n < 20; n += 1) expect(await items.next()).toMatchObject({ value: n });
    };
    if (pattern === 'count-on') await rest();
    else await expect(rest()).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    await items.return?.();
    await next.close();
  });

  it.each([
    ['before', ['server', 'client']],
    ['after', ['client', 'server']],
  ])('%s the client that a handler waits for answers its own caller', async (order, closed) => {
    await services.start('backend', [WorkController]);
    begun.length = 0;
    const service = `relay-${order}`;
    const backend = services.client('backend', { from: service });
    const relay = (id: number) => firstValueFrom(backend.send<number>('slow', id));
    const server = new ParleyServer(services.options(service));
    server.addHandler('relay', async (id: number) => relay(id));
    services.add(server);
    await new Promise(listening => server.listen(listening));
    const answer = firstValueFrom(services.client(service).send<number>('relay', keyed(4000)));
    await vi.waitFor(() => expect(begun).toContain(4000), WITHIN);
    for (const one of closed) await (one === 'client' ? backend : server).close();
    expect(await answer).toBe(4000);
  });

  it('twice, at a time or one after another, is closing it once', async () => {
    const server = await services.start('twice', [WorkController]);
    const client = services.client('twice');
    const answer = firstValueFrom(client.send<number>('slow', 3000));
    await vi.waitFor(() => expect(begun).toContain(3000), WITHIN);
    await Promise.all([server.close(), server.close()]);
    expect(await answer).toBe(3000);
    await server.close();
    expect(server.get(ParleyServer).health()).toMatchObject({ draining: true, load: 0 });
  });
});
