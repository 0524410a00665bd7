import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { EventCount } from '../event-count.js';
import type { Settings, System } from '../system.js';
import { bodiesPerTurn } from './bodies.js';
import { microservice } from './microservice.js';
import { proxyClient } from './proxy-client.js';
import { patterns, rpcModule } from './rpc-controller.js';

const names = patterns('');

function options({ port }: Settings) {
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port } } as const;
}

/** Nest's TCP transport: one connection, JSON, no broker. */
export const system: System = {
  server: settings => {
    const events = new EventCount();
    return microservice(
      rpcModule(names, events, items => bodiesPerTurn(items, 1_000)),
      options(settings),
      events,
    );
  },
  client: async settings => proxyClient(ClientProxyFactory.create(options(settings)), names),
};
