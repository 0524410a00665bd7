import { DeadLetterOffice, deadLetterTopology, topologyOf } from '@parley/transport';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { orders, OrdersController, runs, shop } from './orders.js';
import { credentials, WAYS } from './setup/credentials.js';
import { Journal } from './setup/journal.js';
import { Stage } from './setup/stage.js';

const WITHIN = { timeout: 20_000, interval: 50 };
const DRIVERS = ['kafkajs', 'platformatic'] as const;
const CASES = DRIVERS.flatMap(driver => WAYS.map(way => [driver, way] as const));

describe.concurrent('with the rights that are documented, and no others', () => {
  const journal = new Journal();
  afterAll(() => {
    expect(journal.leaked).toEqual([]);
    expect(journal.text).not.toMatch(/AUTHORIZATION|needs the right/);
  });

  it.for(CASES)('everything works: %s, by %s', async ([driver, way], { onTestFinished }) => {
    const stage = new Stage(journal);
    onTestFinished(() => stage.close());
    const { prefix } = stage;
    await stage.allow('orders', topologyOf(orders(prefix)));
    await stage.allow('shop', topologyOf(shop(prefix)));
    await stage.allow('operator', deadLetterTopology(orders(prefix), { redrive: true }));

    const options = stage.options('orders', credentials('orders', way), { driver });
    const server = await stage.start([OrdersController], options);
    const client = stage.client('orders', stage.options('shop', credentials('shop', way), { driver }));
    expect(await firstValueFrom(client.send('order.get', 7))).toEqual({ id: 7 });
    const watched = client.send<number>('order.watch', 20);
    expect(await lastValueFrom(watched.pipe(toArray()))).toHaveLength(20);
    const asked = client.collect('order.get', 8, { expect: 1 });
    expect(await firstValueFrom(asked)).toMatchObject({ value: { id: 8 } });

    await vi.waitFor(() => expect(server.health()).toMatchObject({ assigned: true, taking: true }), WITHIN);
    const [fine, failing, price] = ['fine', 'fail', 'price'].map(word => `${word} ${prefix}`);
    await firstValueFrom(client.emit('order.created', fine));
    await firstValueFrom(client.emit('order.created', failing));
    await firstValueFrom(client.emit('prices.changed', price));
    await vi.waitFor(
      () => expect([fine, failing, price].map(data => runs.get(data!))).toEqual([1, 2, 1]),
      WITHIN,
    );

    const kafka = credentials('operator', way === 'scram-sha-256' || way === 'scram-sha-512' ? 'plain' : way);
    const office = await DeadLetterOffice.open({ service: 'orders', kafka, driver, prefix });
    await vi.waitFor(async () => expect((await office.list()).matched).toBe(1), WITHIN);
    expect(await office.redrive({ dryRun: false })).toMatchObject({ redriven: 1, failed: 0 });
    await office.close();
    await vi.waitFor(() => expect(runs.get(failing!)).toBeGreaterThan(2), WITHIN);
  });
});
