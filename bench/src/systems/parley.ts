import { NestFactory } from '@nestjs/core';
import { ParleyClient, ParleyServer } from '@parley/transport';
import { EventCount } from '../event-count.js';
import type { Settings, System } from '../system.js';
import { bodiesPulled } from './bodies.js';
import { proxyClient } from './proxy-client.js';
import { patterns, rpcModule } from './rpc-controller.js';

const names = patterns('');

/** Topics are new with each run; everything else is Parley's default. */
function options({ brokers, run }: Settings) {
  return { kafka: { brokers }, prefix: `${run}.` };
}

/** Parley, with its defaults. */
export const system: System = {
  async server(settings) {
    const events = new EventCount();
    const app = await NestFactory.createMicroservice(rpcModule(names, events, bodiesPulled), {
      strategy: new ParleyServer({ service: 'bench', ...options(settings) }),
      logger: ['error', 'fatal'],
    });
    await app.listen();
    return { handled: () => events.read(), close: () => app.close() };
  },

  client: async settings =>
    proxyClient(new ParleyClient({ service: 'caller', to: 'bench', ...options(settings) }), names),
};
