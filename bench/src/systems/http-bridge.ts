import { NestFactory } from '@nestjs/core';
import { ParleyDispatcher, serveHttpOverKafka } from '@parley/http';
import { ParleyClient, ParleyModule, type ParleyOptions } from '@parley/transport';
import { EventCount } from '../event-count.js';
import type { Settings, System } from '../system.js';
import { httpClient } from './http-client.js';
import { httpModule } from './http-controller.js';

const options = (service: string, { brokers, run }: Settings): ParleyOptions => ({
  service,
  kafka: { brokers },
  prefix: `${run}.`,
});

/** The application of `nest-http`, unchanged, with its requests sent over Kafka. */
export const system: System = {
  async server(settings) {
    const events = new EventCount();
    const module = httpModule([ParleyModule.forRoot(options('bench', settings))]);
    const app = await NestFactory.create(module, { logger: ['error', 'fatal'] });
    await serveHttpOverKafka(app);
    await app.init();
    return { handled: () => events.read(), close: () => app.close() };
  },

  async client(settings) {
    const client = new ParleyClient({ ...options('caller', settings), to: 'bench' });
    const dispatcher = new ParleyDispatcher({ to: () => client });
    return httpClient(dispatcher, 'http://bench.parley', () => client.close());
  },
};
