import { NestFactory } from '@nestjs/core';
import { Pool } from 'undici';
import type { Body } from '../body.js';
import { EventCount } from '../event-count.js';
import type { System } from '../system.js';
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
    const pool = new Pool(`http://127.0.0.1:${port}`, { pipelining: 1 });
    const post = async (path: string, data: Body): Promise<unknown> => {
      const response = await pool.request({
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
      close: () => pool.close(),
    };
  },
};
