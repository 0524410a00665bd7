import { HttpModule, HttpService } from '@nestjs/axios';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ParleyAgent, ParleyDispatcher, parleyFetch, serveHttpOverKafka } from '@parley/http';
import { Clients, ParleyExceptionFilter, ParleyModule } from '@parley/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  axiosOf,
  byAxios,
  byDispatcher,
  byFetch,
  byHttpService,
  bySupertest,
  type Ask,
} from './contract/callers.js';
import { CASES } from './contract/cases.js';
import { OrderBook } from './contract/order-book.js';
import { OrdersController } from './contract/orders.controller.js';
import { OrdersGateway, OrdersHandlers } from './contract/orders.handlers.js';
import { Services } from './setup/services.js';

const OVER_KAFKA = 'http://orders.parley';

/** The service with its HTTP controller, on the network and over Kafka at once. */
async function bridged(services: Services, adapter?: FastifyAdapter): Promise<INestApplication> {
  @Module({
    imports: [ParleyModule.forRoot(services.options('orders'))],
    controllers: [OrdersController],
    providers: [OrderBook],
  })
  class OrdersModule {}
  const app = adapter
    ? await NestFactory.create(OrdersModule, adapter, { logger: false })
    : await NestFactory.create(OrdersModule, { logger: false });
  await serveHttpOverKafka(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

async function gatewayOf(services: Services, controllers: Type[]): Promise<INestApplication> {
  const imports = [ParleyModule.forRoot(services.options('gateway')), ParleyModule.forClients(['orders'])];
  @Module({ imports, controllers })
  class GatewayModule {}
  const app = await NestFactory.create(GatewayModule, { logger: false });
  app.useGlobalFilters(new ParleyExceptionFilter(app.getHttpAdapter()));
  await app.listen(0, '127.0.0.1');
  return app;
}

async function httpService(services: Services): Promise<HttpService> {
  @Module({
    imports: [
      ParleyModule.forRoot(services.options('nest-caller')),
      HttpModule.registerAsync({
        inject: [Clients],
        useFactory: (clients: Clients) => ({
          httpAgent: new ParleyAgent(clients),
          validateStatus: () => true,
        }),
      }),
    ],
  })
  class CallerModule {}
  const app = await NestFactory.createApplicationContext(CallerModule, { logger: false });
  services.add(app);
  return app.get(HttpService);
}

/** Every way to the service, by the name of who asks and how. */
type Ways = Record<string, Ask>;

async function waysOf(services: Services, adapter?: FastifyAdapter): Promise<Ways> {
  const app = await bridged(services, adapter);
  services.add(app);
  const clients = (await services.context('caller', ['orders'])).get(Clients);
  const send = parleyFetch(clients);
  const agent = new ParleyAgent(clients);
  return {
    'fetch, over the network': byFetch(fetch, await app.getUrl()),
    'fetch, over Kafka': byFetch(send, OVER_KAFKA),
    'undici, over Kafka': byDispatcher(new ParleyDispatcher(clients), OVER_KAFKA),
    'axios on fetch, over Kafka': byAxios(axiosOf({ adapter: 'fetch', env: { fetch: send } }), OVER_KAFKA),
    'axios on node:http, over Kafka': byAxios(axiosOf({ httpAgent: agent }), OVER_KAFKA),
    'Nest’s HttpService, over Kafka': byHttpService(await httpService(services), OVER_KAFKA),
    'supertest, over Kafka': bySupertest(agent, OVER_KAFKA),
  };
}

const SYSTEMS: Record<string, (services: Services) => Promise<Ways>> = {
  'controllers on Express': services => waysOf(services),
  'controllers on Fastify': services => waysOf(services, new FastifyAdapter()),
  'message handlers behind a gateway': async services => {
    await services.start('orders', [OrdersHandlers], {}, [OrderBook]);
    const gateway = await gatewayOf(services, [OrdersGateway]);
    services.add(gateway);
    return { 'fetch, over the network': byFetch(fetch, await gateway.getUrl()) };
  },
};

describe.each(Object.entries(SYSTEMS))('the contract of %s', (_name, start) => {
  const services = new Services();
  let ways: Ways;
  beforeAll(async () => {
    ways = await start(services);
  });
  afterAll(() => services.stop());

  it.each(CASES.map(one => [one.name, one] as const))('%s', async (_name, { asked, answered }) => {
    for (const [way, ask] of Object.entries(ways)) {
      const got = await ask(asked);
      expect({ way, ...got }).toEqual({ way, ...answered });
    }
  });
});
