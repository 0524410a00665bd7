import { Logger } from '@nestjs/common';
import { ParleyException, topologyOf, type ParleyOptions } from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { setScramPassword } from '@parley/tools/kafka/secured';
import { orders, OrdersController, shop } from './orders.js';
import { credentials, token } from './setup/credentials.js';
import { Journal } from './setup/journal.js';
import { Stage } from './setup/stage.js';
import { PASSWORD } from './setup/users.js';

type Kafka = ParleyOptions['kafka'];

const WITHIN = { timeout: 20_000, interval: 50 };
const WRONG = `${PASSWORD}-in-error`;
const DRIVERS = ['kafkajs', 'platformatic'] as const;

/** What is wrong with it, how a client connects then, and what it is told. */
const REFUSED: [what: string, kafka: () => Kafka, told: RegExp][] = [
  [
    'a wrong password, by plain',
    () => withPassword('plain', WRONG),
    /refuses what kafka\.sasl gives for plain/,
  ],
  [
    'a wrong password, by SCRAM',
    () => withPassword('scram-sha-512', WRONG),
    /refuses what kafka\.sasl gives for scram-sha-512/,
  ],
  ['an expired token', () => withToken(() => token('shop', -1)), /refuses the token \(invalid_token\)/],
  ['no token', () => withToken(() => ''), /oauthBearerProvider gave no token/],
  [
    'a certificate of an authority that is not trusted',
    () => ({ ...credentials('shop', 'plain'), ssl: { ca: inject('secure').stranger.ca } }),
    /certificate is not trusted \(.*kafka\.ssl\.ca/,
  ],
  [
    'a certificate for another name',
    () => ({ ...credentials('shop', 'plain'), ssl: { ca: inject('secure').ca, servername: 'elsewhere' } }),
    /certificate is for another name.*kafka\.ssl\.servername/,
  ],
  [
    'no certificate of its own',
    () => ({ brokers: inject('secure').mutual, ssl: { ca: inject('secure').ca } }),
    /refuses this client in TLS: check kafka\.ssl\.cert/,
  ],
  [
    'a certificate that a stranger signed',
    () => {
      const { ca, mutual, stranger } = inject('secure');
      return { brokers: mutual, ssl: { ca, cert: stranger.cert, key: stranger.key } };
    },
    /refuses this client in TLS: check kafka\.ssl\.cert/,
  ],
  [
    'SASL where none is taken',
    () => ({ ...credentials('shop', 'plain'), brokers: inject('secure').bootstrap, ssl: false }),
    /does not take plain: check kafka\.sasl\.mechanism and the port/,
  ],
];

function withPassword(mechanism: 'plain' | 'scram-sha-512', password: string): Kafka {
  return { ...credentials('shop', mechanism), sasl: { mechanism, username: 'shop', password } };
}

function withToken(give: () => string, brokers = inject('secure').sasl): Kafka {
  const oauthBearerProvider = async () => ({ value: give() });
  const { ca } = inject('secure');
  return { brokers, ssl: { ca }, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
}

// Nest has one logger for all, which each application sets: what is logged before it does counts too.
const journal = new Journal();
beforeAll(() => Logger.overrideLogger(journal));
afterAll(() => expect(journal.leaked).toEqual([]));

describe.concurrent.each(DRIVERS)('%s: who is not let in', driver => {
  it.for(REFUSED)(
    'is told at once, and without the secret, of %s',
    async ([, kafka, told], { onTestFinished }) => {
      const stage = new Stage(journal);
      onTestFinished(() => stage.close());
      const options = stage.options('shop', kafka(), { driver });
      const client = stage.client('orders', options);
      const failure = await firstValueFrom(client.send('order.get', 1)).catch((error: unknown) => error);
      journal.note(failure);
      expect(failure).toBeInstanceOf(ParleyException);
      expect(failure).toMatchObject({
        status: 'UNAVAILABLE',
        message: expect.stringMatching(told) as string,
      });
      await expect(stage.start([OrdersController], { ...options, service: 'orders' })).rejects.toThrow(told);
    },
  );

  it('is let in once the password is right', async ({ onTestFinished }) => {
    const stage = new Stage(journal);
    onTestFinished(() => stage.close());
    const { bootstrap } = inject('secure');
    const user = `rotating-${driver}`;
    await setScramPassword(bootstrap, user, WRONG);
    await stage.allow(user, topologyOf(shop(stage.prefix)));
    const sasl = { mechanism: 'scram-sha-256', username: user, password: PASSWORD } as const;
    const client = stage.client(
      'orders',
      stage.options('shop', { ...credentials('shop', 'plain'), sasl }, { driver }),
    );
    const emit = () => firstValueFrom(client.emit('order.created', 'x'));
    await expect(emit()).rejects.toThrow('refuses what kafka.sasl gives');
    await setScramPassword(bootstrap, user, PASSWORD);
    await vi.waitFor(() => emit(), WITHIN);
  });

  it('goes on across sessions that end, with a new token for each, and comes back when tokens are good again', async ({
    onTestFinished,
  }) => {
    const stage = new Stage(journal);
    onTestFinished(() => stage.close());
    const { prefix } = stage;
    await stage.allow('shop', topologyOf(shop(prefix)));
    await stage.allow('orders', topologyOf(orders(prefix)));
    let expired = false;
    const tokens = { orders: 0, shop: 0 };
    const kafkaOf = (user: 'orders' | 'shop') =>
      withToken(() => {
        tokens[user] += 1;
        return token(user, expired ? -1 : 3600);
      }, inject('secure').brief);
    const server = await stage.start(
      [OrdersController],
      stage.options('orders', kafkaOf('orders'), { driver }),
    );
    const client = stage.client(
      'orders',
      stage.options('shop', kafkaOf('shop'), { driver, timeoutMs: 15_000 }),
    );
    const get = (id: number) => firstValueFrom(client.send('order.get', id));
    expect(await get(0)).toEqual({ id: 0 });

    // Several sessions of 3 s end meanwhile; none of these calls fails.
    const begun = { ...tokens };
    for (let id = 1; tokens.shop < begun.shop + 4 || tokens.orders < begun.orders + 6; id += 1)
      expect(await get(id)).toEqual({ id });
    expect(server.health()).toMatchObject({ assigned: true, taking: true });

    expired = true;
    await vi.waitFor(() => {
      const { link, crash } = server.health();
      expect(crash).toBeUndefined();
      expect(link).toMatchObject({
        state: 'disconnected',
        lastError: expect.stringContaining('refuses the token'),
      });
    }, WITHIN);
    expired = false;
    await vi.waitFor(() => expect(server.health().link.state).toBe('connected'), WITHIN);
    expect(await get(-1)).toEqual({ id: -1 });
    journal.note(server.health());
  });
});
