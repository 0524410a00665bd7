import { NestFactory } from '@nestjs/core';
import { Pool } from 'undici';
import { EventCount } from '../event-count.js';
import type { System } from '../system.js';
import { httpClient } from './http-client.js';
import { httpModule } from './http-controller.js';

/** A Nest HTTP application on Express, called over kept-alive connections. */
export const system: System = {
  async server({ port }) {
    const events = new EventCount();
    const app = await NestFactory.create(httpModule(), { logger: ['error', 'fatal'] });
    await app.listen(port, '127.0.0.1');
    return { handled: () => events.read(), close: () => app.close() };
  },

  async client({ port }) {
    const origin = `http://127.0.0.1:${port}`;
    const pool = new Pool(origin, { pipelining: 1 });
    return httpClient(pool, origin, () => pool.close());
  },
};
