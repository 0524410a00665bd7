import { aclsOf, topologyOf } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { orders, OrdersController, shop } from './orders.js';
import { credentials } from './setup/credentials.js';
import { Journal } from './setup/journal.js';
import { Stage } from './setup/stage.js';

const WITHIN = { timeout: 20_000, interval: 50 };

/** All topics that the two services use, as somebody else has made them. */
async function made(stage: Stage): Promise<void> {
  const { prefix } = stage;
  const topics = [orders, shop].flatMap(describeService => topologyOf(describeService(prefix)).topics);
  for (const topic of new Set(topics.map(({ topic: name }) => name))) await stage.make(topic, 2);
}

describe.concurrent('a service that makes no topics', () => {
  const journal = new Journal();
  afterAll(() => expect(journal.leaked).toEqual([]));

  it.for(['verify', 'none'] as const)(
    'needs no right to make, grow or, with none, describe them: %s',
    async (provision, { onTestFinished }) => {
      const stage = new Stage(journal);
      onTestFinished(() => stage.close());
      const { prefix } = stage;
      await made(stage);
      for (const [user, description] of [
        ['orders', orders(prefix)],
        ['shop', shop(prefix)],
      ] as const) {
        const topology = topologyOf(description);
        const operations = new Set(aclsOf(topology, provision).map(({ operation }) => operation));
        expect(operations).not.toContain('Create');
        expect(operations).not.toContain('Alter');
        if (provision === 'none') expect(operations).not.toContain('Describe');
        await stage.allow(user, topology, { provision });
      }
      const extra = { provision };
      const server = await stage.start(
        [OrdersController],
        stage.options('orders', credentials('orders', 'scram-sha-256'), extra),
      );
      await vi.waitFor(() => expect(server.health()).toMatchObject({ assigned: true, taking: true }), WITHIN);
      const client = stage.client('orders', stage.options('shop', credentials('shop', 'plain'), extra));
      expect(await firstValueFrom(client.send('order.get', 7))).toEqual({ id: 7 });
      await firstValueFrom(client.emit('order.created', `fine ${prefix}`));
      expect(journal.about(prefix)).not.toMatch(/AUTHORIZATION|needs the right/);
    },
  );

  it.for([
    ['verify', /order\.created.*(does not exist|not there|missing|is not on)/],
    ['create', /needs the right Create on the topic/],
  ] as const)(
    'or may make none, does not start where one is missing, and says which: %s',
    async ([provision, told], { onTestFinished }) => {
      const stage = new Stage(journal);
      onTestFinished(() => stage.close());
      const { prefix, admin } = stage;
      // The rights to use them, and not to make them.
      await stage.allow('orders', topologyOf(orders(prefix)), { provision: 'verify' });
      for (const { topic, kind } of topologyOf(orders(prefix)).topics)
        if (kind !== 'event') await stage.make(topic, 2);
      const options = stage.options('orders', credentials('orders', 'plain'), { provision });
      await expect(stage.start([OrdersController], options)).rejects.toThrow(told);
      expect(await admin.listTopics()).not.toContain(`${prefix}order.created`);
    },
  );
});
