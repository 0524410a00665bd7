import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext } from '@parley/transport';
import { firstValueFrom, Observable } from 'rxjs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { Child } from './setup/child.js';
import { lagOf } from './setup/lag.js';
import { Services } from './setup/services.js';

/** So that silence is noticed soon. */
const PULSES = { pulseIntervalMs: 400 };
/** Three pulses, and one that was just missed. */
const NOTICED_MS = 4 * PULSES.pulseIntervalMs;

/** What the handlers of this process saw. */
const began: string[] = [];
const ended: string[] = [];

@Controller()
class GreetController {
  @MessagePattern('greet')
  greet(@Payload() name: string): string {
    began.push(name);
    return `hello ${name}`;
  }

  @MessagePattern('greet-idempotent')
  @Handling({ idempotent: true })
  greetAgain(@Payload() name: string): string {
    return `hello ${name}`;
  }

  @MessagePattern('count-resumable')
  @Handling({ resumable: true })
  async *count(@Payload() _data: string, @Ctx() context: ParleyContext): AsyncGenerator<number> {
    for (let n = context.resumeFrom; n < 1000; n += 1) yield n;
  }

  @MessagePattern('ticks')
  ticks(@Payload() name: string): Observable<number> {
    return new Observable<number>(subscriber => {
      began.push(name);
      subscriber.next(0);
      return () => ended.push(name);
    });
  }

  @MessagePattern('never')
  never(@Payload() name: string, @Ctx() context: ParleyContext): Promise<never> {
    began.push(name);
    context.signal.addEventListener('abort', () => ended.push(name));
    return new Promise(() => undefined);
  }
}

describe('killed with -9', () => {
  const services = new Services();
  const children: Child[] = [];
  const doomedServer = async (service: string) => {
    const child = new Child('doomed-server.mjs', services.options(service, PULSES));
    children.push(child);
    await child.says('listening');
    return child;
  };
  afterEach(() => children.splice(0).forEach(child => child.kill()));
  afterAll(() => services.stop());

  it('a server loses no call that it has not been given for good: another instance answers', async () => {
    const server = await doomedServer('fresh');
    const answer = firstValueFrom(services.client('fresh').send<string>('greet', 'ada'));
    await server.says('greet');
    server.kill();
    await services.start('fresh', [GreetController]);
    expect(await answer).toBe('hello ada');
  });

  it('a server is noticed by the callers that it has accepted calls of', async () => {
    const server = await doomedServer('noticed');
    const client = services.client('noticed', PULSES);
    const answer = firstValueFrom(client.send('greet', 'ada'));
    const stream = collect(client.send<number>('count', 'x'));
    await vi.waitFor(() => expect(stream.items.length).toBeGreaterThan(10), { timeout: 10_000 });
    // By now the call has been accepted, and a pulse has named it.
    await stream.after(3 * PULSES.pulseIntervalMs);
    server.kill();
    const killedAt = performance.now();
    await expect(answer).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    expect(await stream.ending).toMatchObject({ status: 'UNAVAILABLE' });
    expect(performance.now() - killedAt).toBeLessThan(NOTICED_MS + 1000);
    expect(stream.items).toEqual(stream.items.map((_, index) => index));
  });

  it('a server leaves a call to another that may run it again', async () => {
    const server = await doomedServer('idempotent');
    const client = services.client('idempotent', PULSES);
    const answer = firstValueFrom(client.send('greet-idempotent', 'ada'));
    await server.says('greet-idempotent');
    await services.start('idempotent', [GreetController], PULSES);
    server.kill();
    expect(await answer).toBe('hello ada');
  });

  it('a server’s resumable stream goes on with another, each item once', async () => {
    const server = await doomedServer('resumed');
    const stream = collect(services.client('resumed', PULSES).send<number>('count-resumable', 'x'));
    await vi.waitFor(() => expect(stream.items.length).toBeGreaterThan(10), { timeout: 10_000 });
    await services.start('resumed', [GreetController], PULSES);
    server.kill();
    expect(await stream.ending).toBe('complete');
    expect(stream.items).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });

  it.each(['ticks', 'never'])('a caller leaves nothing running: %s', async pattern => {
    await services.start(`bereaved-${pattern}`, [GreetController], PULSES);
    const options = { ...services.options('caller', PULSES), to: `bereaved-${pattern}` };
    began.length = 0;
    ended.length = 0;
    const caller = new Child('doomed-caller.mjs', options, pattern);
    children.push(caller);
    await vi.waitFor(() => expect(began).toEqual(['x']), { timeout: 10_000 });
    if (pattern === 'ticks') await caller.says(0).catch(() => undefined);
    caller.kill();
    await vi.waitFor(() => expect(ended).toEqual(['x']), { timeout: NOTICED_MS + 2000 });
  });

  it('a caller’s request that a dead server may have run is not run again', async () => {
    const server = await doomedServer('both');
    const options = { ...services.options('caller', PULSES), to: 'both' };
    const caller = new Child('doomed-caller.mjs', options, 'greet');
    children.push(caller);
    await server.says('greet');
    began.length = 0;
    caller.kill();
    server.kill();
    await services.start('both', [GreetController], PULSES);
    // One that is asked later is answered: the one before has been dropped by then.
    const client = services.client('both', PULSES);
    expect(await firstValueFrom(client.send('greet', 'ada'))).toBe('hello ada');
    const topic = `${services.prefix}both.calls`;
    await vi.waitFor(async () => expect(await lagOf(topic, topic)).toBe(0), { timeout: 15_000 });
    expect(began).toEqual(['ada']);
  });
});

function collect(source: Observable<number>) {
  const items: number[] = [];
  const watchers = new Set<() => void>();
  const ending = new Promise<unknown>(resolve => {
    source.subscribe({
      next: item => {
        items.push(item);
        for (const watch of watchers) watch();
      },
      error: resolve,
      complete: () => resolve('complete'),
    });
  });
  /** Resolves with the first item that comes after so many ms. */
  const after = (ms: number) =>
    new Promise<void>(resolve => {
      const from = performance.now();
      const watch = () => {
        if (performance.now() - from < ms) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
    });
  return { items, ending, after };
}
