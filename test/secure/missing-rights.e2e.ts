import { aclsOf, topologyOf, type Acl, type ServiceDescription } from '@parley/transport';
import { firstValueFrom, lastValueFrom, timeout, toArray } from 'rxjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { orders, OrdersController, shop } from './orders.js';
import { bearer } from './setup/credentials.js';
import { Journal } from './setup/journal.js';
import { Stage } from './setup/stage.js';

const WITHIN = { timeout: 30_000, interval: 50 };
const QUICK = { pulseIntervalMs: 500, timeoutMs: 2_000 };

/** Each right of a service, and a driver that is to do without it: what is said is said by code that they share. */
function eachRight(describeService: (prefix: string) => ServiceDescription) {
  return aclsOf(topologyOf(describeService(''))).map((acl, index) => ({
    acl,
    right: `${acl.operation} on ${acl.resource} ${acl.name}`,
    driver: index % 2 === 0 ? ('kafkajs' as const) : ('platformatic' as const),
  }));
}

/** What somebody has to be told who lacks this right. */
function lackOf({ operation, resource, name }: Acl): RegExp {
  const right = operation === 'Read' || operation === 'Write' ? `(${operation}|Describe)` : operation;
  const where = name.replaceAll('.', String.raw`\.`);
  return new RegExp(`${where}[^\\n]*this client needs the right ${right} on the ${resource}`);
}

describe.concurrent('without one right', () => {
  const journal = new Journal();
  afterAll(() => expect(journal.leaked).toEqual([]));

  /** On topics of its own, where a user has all the rights of a service but one. */
  async function lacking(user: string, describeService: typeof orders, acl: Acl) {
    const stage = new Stage(journal);
    const without = { ...acl, name: `${stage.prefix}${acl.name}` };
    await stage.allow(user, topologyOf(describeService(stage.prefix)), { without });
    // What is there with fewer partitions has to grow.
    if (acl.operation === 'Alter') await stage.make(without.name, 1);
    const told = () => expect(journal.about(stage.prefix)).toMatch(lackOf(without));
    return { stage, told };
  }

  it.for(eachRight(orders))(
    'of a server, $right, it says so',
    async ({ acl, driver, right }, { onTestFinished }) => {
      const user = `orders without ${right}`;
      const { stage, told } = await lacking(user, orders, acl);
      onTestFinished(() => stage.close());
      const client = stage.client('orders', stage.options('shop', stage.anybody));
      await client.connect();
      const options = stage.options('orders', bearer(user), { driver });
      const server = await stage.start([OrdersController], options).catch(() => undefined);
      if (!server) return told(); // at once: it did not start
      client.emit('order.created', `fail ${stage.prefix}`).subscribe({ error: journal.note });
      client
        .send('order.get', 1)
        .pipe(timeout(1_000))
        .subscribe({ error: () => undefined });
      await vi.waitFor(() => {
        journal.note(server.health());
        told();
      }, WITHIN);
    },
  );

  it.for(eachRight(shop))(
    'of a caller, $right, it says so',
    async ({ acl, driver, right }, { onTestFinished }) => {
      const user = `shop without ${right}`;
      const { stage, told } = await lacking(user, shop, acl);
      onTestFinished(() => stage.close());
      const { prefix } = stage;
      // A caller has nothing to make once the server was there.
      if (acl.operation !== 'Create')
        await stage.start([OrdersController], stage.options('orders', stage.anybody, QUICK));
      const client = stage.client('orders', stage.options('shop', bearer(user), { driver, ...QUICK }));
      const tries = [
        lastValueFrom(client.send('order.watch', 100).pipe(toArray())),
        firstValueFrom(client.emit('order.created', `fine ${prefix}`)),
        firstValueFrom(client.emit('prices.changed', `price ${prefix}`)),
      ];
      for (const tried of tries) tried.catch(journal.note);
      await vi.waitFor(told, WITHIN);
    },
  );
});
