import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { handlingExtras, ParleyException, ParleyServer, type ParleyContext } from '@parley/transport';
import { handlings } from '../message/pattern.js';
import { exchange } from './http-exchange.js';

/**
 * Lets the application's controllers answer HTTP requests that come over Kafka too, as they are: with their pipes,
 * guards, interceptors, filters, versions and middleware. Called once, before `app.listen()` or `app.init()`:
 *
 * ```ts
 * const app = await NestFactory.create(AppModule);
 * await serveHttpOverKafka(app);
 * await app.listen(3000);
 * ```
 *
 * Needs ParleyModule. Where the application connects ParleyServer itself, for message handlers, it does so before this
 * call and starts it after it. Without a port of its own `app.init()` takes the place of `app.listen()`.
 */
export async function serveHttpOverKafka(app: INestApplication): Promise<void> {
  const parley = app.get(ParleyServer, { strict: false });
  const answer = answerer(app);
  for (const [pattern, handling] of handlings()) {
    parley.addHandler(pattern, answer, false, handlingExtras(handling));
  }
  if (connects(app, parley)) return;
  app.connectMicroservice({ strategy: parley }, { inheritAppConfig: true });
  await app.startAllMicroservices();
}

/** Nest does not say which strategies an application is connected to. */
function connects(app: INestApplication, parley: ParleyServer): boolean {
  const connected = app.getMicroservices() as unknown as { serverInstance?: unknown }[];
  return connected.some(({ serverInstance }) => serverInstance === parley);
}

type Answer = Buffer | AsyncIterable<Buffer>;

function answerer(app: INestApplication): (message: unknown, context: ParleyContext) => Promise<Answer> {
  const server = app.getHttpServer() as Server;
  let ready: Promise<void> | undefined;
  let isReady = false;
  return async (message, context) => {
    if (!isReady) {
      await (ready ??= readiness(app));
      isReady = true;
    }
    if (!Buffer.isBuffer(message)) {
      throw new ParleyException(
        'INVALID_ARGUMENT',
        `a request is the bytes of an HTTP message, not a ${typeof message}`,
      );
    }
    return exchange(server, message, context);
  };
}

/** Fastify answers nothing before its plugins are loaded; Express is ready at once. */
async function readiness(app: INestApplication): Promise<void> {
  const instance = app.getHttpAdapter().getInstance() as { ready?: () => PromiseLike<unknown> };
  await instance.ready?.();
}
