import { Controller, type Type } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Handling } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Services } from './setup/services.js';

/** An instance of its own: both listen to the same event, each in its way. */
function instance(heard: { each: unknown[]; one: unknown[] }): Type {
  @Controller()
  class CacheController {
    @EventPattern<string>('price.changed')
    @Handling({ broadcast: true, retry: { attempts: 2, waitMs: 10 } })
    forget(@Payload() data: unknown): void {
      heard.each.push(data);
      if (data === 'fails') throw new Error('no');
    }

    @EventPattern<string>('price.changed')
    store(@Payload() data: unknown): void {
      heard.one.push(data);
    }
  }
  return CacheController;
}

describe('where a service reads events from', () => {
  const services = new Services();
  afterAll(() => services.stop());
  const client = services.client('shop');
  const emit = (pattern: string, data: unknown) => firstValueFrom(client.emit(pattern, data));

  it('a broadcast event reaches each instance, from its start on, beside handlers that share events', async () => {
    const [a, b] = [
      { each: [], one: [] },
      { each: [], one: [] },
    ] as { each: unknown[]; one: unknown[] }[];
    await emit('price.changed', 'before');
    await services.start('shop', [instance(a!)]);
    await services.start('shop', [instance(b!)]);
    for (const n of [1, 2, 3, 4]) await emit('price.changed', n);
    await vi.waitFor(() => {
      for (const { each } of [a!, b!]) expect(each).toEqual(expect.arrayContaining([1, 2, 3, 4]));
      const one = [...a!.one, ...b!.one];
      expect(one).toHaveLength(5);
      expect(new Set(one)).toEqual(new Set(['before', 1, 2, 3, 4]));
    });
    expect([...a!.each, ...b!.each]).not.toContain('before');
  });

  it('a broadcast event that fails is tried again in place, and holds up nothing after it', async () => {
    const heard: { each: unknown[]; one: unknown[] } = { each: [], one: [] };
    await services.start('shop', [instance(heard)]);
    await emit('price.changed', 'fails');
    await emit('price.changed', 'next');
    await vi.waitFor(() => expect(heard.each).toContain('next'));
    await vi.waitFor(() => expect(heard.each.filter(data => data === 'fails')).toHaveLength(2));
  });

  it('a new service begins with the earliest event, or with what is sent from then on', async () => {
    const heard: [by: string, data: unknown][] = [];
    const listener = (by: string) => {
      @Controller()
      class ListeningController {
        @EventPattern('stock.changed')
        on(@Payload() data: unknown): void {
          heard.push([by, data]);
        }
      }
      return ListeningController;
    };
    await emit('stock.changed', 'old');
    await services.start('all', [listener('all')]);
    await services.start('fresh', [listener('fresh')], { eventsFrom: 'latest' });
    await emit('stock.changed', 'new');
    await vi.waitFor(() => expect(heard).toHaveLength(3));
    const of = (by: string) => heard.filter(([who]) => who === by).map(([, data]) => data);
    expect(new Set(of('all'))).toEqual(new Set(['old', 'new']));
    expect(of('fresh')).toEqual(['new']);
  });
});
