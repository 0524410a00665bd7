import { topologyOf } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { orders, OrdersController, runs, shop } from './orders.js';
import { credentials } from './setup/credentials.js';
import { Journal } from './setup/journal.js';
import { Stage } from './setup/stage.js';

const WITHIN = { timeout: 20_000, interval: 50 };

describe('beside Nest’s built-in transport, with the rights that are documented, and no others', () => {
  const journal = new Journal();
  const stage = new Stage(journal);
  afterAll(async () => {
    await stage.close();
    expect(journal.leaked).toEqual([]);
    expect(journal.text).not.toMatch(/AUTHORIZATION|needs the right/);
  });

  it('callers of both kinds are answered, and events handled', async () => {
    const { prefix } = stage;
    const nestKafka = { group: `${prefix}orders-server` };
    const old = { service: 'orders', patterns: ['order.get'], transport: 'nest-kafka' as const };
    await stage.allow('orders', topologyOf({ ...orders(prefix), nestKafka }));
    await stage.allow('shop', topologyOf({ ...shop(prefix), calls: ['orders', old] }));
    const server = await stage.start(
      [OrdersController],
      stage.options('orders', credentials('orders', 'plain'), { nestKafka }),
    );
    await vi.waitFor(() => expect(server.health()).toMatchObject({ assigned: true, taking: true }), WITHIN);
    const options = stage.options('shop', credentials('shop', 'scram-sha-512'));
    expect(await firstValueFrom(stage.client('orders', options).send('order.get', 7))).toEqual({ id: 7 });
    const asBefore = stage.client('orders', { ...options, transport: 'nest-kafka' });
    // As the built-in has it, numbers travel as text.
    expect(await firstValueFrom(asBefore.send('order.get', 8))).toEqual({ id: '8' });
    const [fine, price] = [`fine ${prefix}`, `price ${prefix}`];
    await firstValueFrom(asBefore.emit('order.created', fine));
    await firstValueFrom(asBefore.emit('prices.changed', price));
    await vi.waitFor(() => expect([runs.get(fine), runs.get(price)]).toEqual([1, 1]), WITHIN);
  });
});
