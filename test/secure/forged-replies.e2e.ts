import { topologyOf } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { forgedRequest } from '../setup/forged-request.js';
import { writeRecords } from '../setup/write-record.js';
import { orders, OrdersController, shop } from './orders.js';
import { credentials } from './setup/credentials.js';
import { Journal } from './setup/journal.js';
import { Stage } from './setup/stage.js';

const WITHIN = { timeout: 20_000, interval: 50 };

describe('a forged reply address', () => {
  const journal = new Journal();
  afterAll(() => expect(journal.leaked).toEqual([]));

  it('is never written to, though its server may write there; where it may not, no other call waits for it', async ({
    onTestFinished,
  }) => {
    const stage = new Stage(journal);
    onTestFinished(() => stage.close());
    const { prefix, admin } = stage;
    const victim = `${prefix}order.created`;
    const inbox = `${prefix}stranger.inbox`;
    await stage.make(victim, 1);
    await stage.make(inbox, 1);
    await stage.allow('orders', topologyOf({ ...orders(prefix), emits: ['order.created'] }));
    await stage.allow('shop', topologyOf(shop(prefix)));
    await stage.start([OrdersController], stage.options('orders', credentials('orders', 'scram-sha-512')));
    const client = stage.client('orders', stage.options('shop', credentials('shop', 'plain')));
    expect(await firstValueFrom(client.send('order.get', 1))).toEqual({ id: 1 });

    const forged = [victim, inbox, '__consumer_offsets', `${prefix}nowhere.inbox`];
    await writeRecords(
      `${prefix}orders.calls`,
      ...forged.flatMap(topic => Array.from({ length: 5 }, () => forgedRequest('order.get', topic))),
    );
    // What was refused for a name is logged; what no right allows is tried in vain.
    await vi.waitFor(() => {
      const told = journal.about(prefix);
      expect(told).toMatch(/reply topic \S+ is not an inbox/);
      expect(told).toMatch(new RegExp(`${inbox}.*needs the right`));
    }, WITHIN);
    expect(await firstValueFrom(client.send('order.get', 2))).toEqual({ id: 2 });
    for (const topic of [victim, inbox])
      for (const { high } of await admin.fetchTopicOffsets(topic)) expect(high).toBe('0');
    // All of them are done: none is met again by the next server.
    await vi.waitFor(async () => {
      const [read] = await admin.fetchOffsets({
        groupId: `${prefix}orders.calls`,
        topics: [`${prefix}orders.calls`],
      });
      const ends = await admin.fetchTopicOffsets(`${prefix}orders.calls`);
      const committed = new Map(
        read!.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
      );
      expect(ends.map(({ partition, high }) => Number(high) - (committed.get(partition) ?? 0))).toEqual(
        ends.map(() => 0),
      );
    }, WITHIN);
    expect(await admin.listTopics()).not.toContain(`${prefix}nowhere.inbox`);
  });
});
