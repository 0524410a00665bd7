import { NestFactory } from '@nestjs/core';
import { ParleyDispatcher, serveHttpOverKafka } from '@parley/http';
import { ParleyClient, ParleyModule, type ParleyOptions } from '@parley/transport';
import type { Body } from '../body.js';
import { EventCount } from '../event-count.js';
import type { Settings, System } from '../system.js';
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
    const post = async (path: string, data: Body): Promise<unknown> => {
      const response = await dispatcher.request({
        origin: 'http://bench.parley',
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(data),
      });
      if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}`);
      return response.body.json();
    };
    return {
      unary: data => post('/unary', data),
      slow: data => post('/slow', data),
      close: () => client.close(),
    };
  },
};
