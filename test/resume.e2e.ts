import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyContext } from '@parley/transport';
import { interval, map, type Observable } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

/** Where each execution of the resumable handler began. */
const resumedFrom: number[] = [];

@Controller()
class CountController {
  @MessagePattern('resumable')
  @Handling({ resumable: true })
  resumable(@Payload() _data: string, @Ctx() { resumeFrom }: ParleyContext): Observable<number> {
    resumedFrom.push(resumeFrom);
    return interval(5).pipe(map(n => resumeFrom + n));
  }

  @MessagePattern('plain')
  plain(@Payload() items: number): Observable<number> {
    return interval(5).pipe(map(n => n % items));
  }

  @MessagePattern('finite')
  async *finite(@Payload() items: number): AsyncGenerator<number> {
    for (let n = 0; n < items; n += 1) {
      yield n;
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }
}

function watch(source: Observable<number>) {
  const items: number[] = [];
  const endings: unknown[] = [];
  const subscription = source.subscribe({
    next: item => items.push(item),
    error: (error: { status: string }) => endings.push(error.status),
    complete: () => endings.push('complete'),
  });
  return { items, endings, subscription };
}

describe('a stream whose server is closed', () => {
  const services = new Services();
  afterAll(() => services.stop());

  it('goes on with another instance where it is resumable, through several of them, each item once', async () => {
    let server = await services.start('rolled', [CountController]);
    const stream = watch(services.client('rolled').send<number>('resumable', 'x'));
    for (let roll = 1; roll <= 3; roll += 1) {
      const seen = stream.items.length;
      await vi.waitFor(() => expect(stream.items.length).toBeGreaterThan(seen + 10), { timeout: 10_000 });
      const next = await services.start('rolled', [CountController]);
      await server.close();
      server = next;
      await vi.waitFor(() => expect(resumedFrom).toHaveLength(roll + 1), { timeout: 10_000 });
    }
    const seen = stream.items.length;
    await vi.waitFor(() => expect(stream.items.length).toBeGreaterThan(seen + 10));
    expect(stream.endings).toEqual([]);
    expect(stream.items).toEqual(Array.from({ length: stream.items.length }, (_, n) => n));
    expect(resumedFrom).toEqual(resumedFrom.toSorted((a, b) => a - b));
    stream.subscription.unsubscribe();
  });

  it('ends by itself within the drain time-out where it can, and is told UNAVAILABLE where it cannot', async () => {
    const server = await services.start('ending', [CountController], { drainTimeoutMs: 1500 });
    const client = services.client('ending');
    const endless = watch(client.send<number>('plain', 10));
    const finite = watch(client.send<number>('finite', 100));
    await vi.waitFor(() => expect([endless.items.length, finite.items.length].every(n => n > 5)).toBe(true));
    await server.close();
    await vi.waitFor(() =>
      expect([endless.endings, finite.endings]).toEqual([['UNAVAILABLE'], ['complete']]),
    );
    expect(finite.items).toHaveLength(100);
    expect(endless.items.every((item, index) => item === index % 10)).toBe(true);
  });
});
