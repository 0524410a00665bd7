import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, InjectParley, ParleyClient, ParleyModule, ParleyServer } from '@parley/transport';
import { firstValueFrom } from 'rxjs';

/**
 * A Nest application in a process of its own that is there to be sent SIGTERM. It tells which handlers have begun and
 * which have ended. Its arguments: Parley's options, what kind of application it is, and whether its events fail.
 */
const [, , json, kind, failing] = process.argv;
const options = JSON.parse(json);
const standalone = kind === 'standalone';
const tell = message => process.send(message);

class WorkController {
  constructor(backend) {
    this.backend = backend;
  }

  async slow({ id, ms }) {
    tell(`slow ${id}`);
    await delay(ms);
    return `answer ${id}`;
  }

  async large({ id, ms, bytes }) {
    await this.slow({ id, ms });
    return 'x'.repeat(bytes);
  }

  async relay({ id, ms }) {
    await this.slow({ id, ms });
    return firstValueFrom(this.backend.send('slow', { id, ms }));
  }

  async *count({ items, everyMs }, context) {
    for (let n = context.resumeFrom; n < items; n += 1) {
      yield n;
      await delay(everyMs);
    }
  }

  countOn(data, context) {
    return this.count(data, context);
  }

  async work({ id, ms }) {
    tell(`begins ${id}`);
    await delay(ms);
    tell(`has done ${id}`);
  }

  async fail({ id }) {
    if (!failing) return this.work({ id, ms: 0 });
    tell(`fails ${id}`);
    throw new Error('not in this process');
  }

  failOnce(data) {
    return this.fail(data);
  }
}

/** What decorators would do, in a file that is run as it stands. */
function decorate(method, ...decorators) {
  const { prototype } = WorkController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  for (const decorator of decorators) decorator(prototype, method, descriptor);
}
decorate('slow', MessagePattern('slow'));
decorate('large', MessagePattern('large'));
decorate('relay', MessagePattern('relay'));
decorate('count', MessagePattern('count'));
decorate('work', EventPattern('work'));
decorate('countOn', MessagePattern('count-resumable'), Handling({ resumable: true }));
decorate('fail', EventPattern('flaky'), Handling({ retry: { attempts: 9, waitMs: 5000 } }));
decorate('failOnce', EventPattern('later'), Handling({ retry: { attempts: 1, delaysMs: [500] } }));
for (const method of ['count', 'countOn']) {
  Payload()(WorkController.prototype, method, 0);
  Ctx()(WorkController.prototype, method, 1);
}
Controller()(WorkController);
(standalone ? Inject('BACKEND') : InjectParley('backend'))(WorkController, undefined, 0);

class AppModule {}
Module({
  imports: standalone
    ? [
        ClientsModule.register([
          { name: 'BACKEND', customClass: ParleyClient, options: { ...options, to: 'backend' } },
        ]),
      ]
    : [ParleyModule.forRoot(options), ParleyModule.forClients(['backend'])],
  controllers: [WorkController],
})(AppModule);

const start = {
  async microservice() {
    const app = await NestFactory.createMicroservice(AppModule, {
      inject: [ParleyServer],
      useFactory: strategy => ({ strategy }),
      logger: false,
    });
    app.enableShutdownHooks();
    return () => app.listen();
  },
  async hybrid() {
    const app = await NestFactory.create(AppModule, { logger: false });
    app.connectMicroservice({ strategy: app.get(ParleyServer) });
    app.enableShutdownHooks();
    return async () => {
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
    };
  },
  async standalone() {
    const strategy = new ParleyServer(options);
    const app = await NestFactory.createMicroservice(AppModule, { strategy, logger: false });
    app.enableShutdownHooks();
    return () => app.listen();
  },
};

process.on('disconnect', () => process.exit());
const listen = await start[kind]();
tell('starting');
await listen().then(
  () => tell('listening'),
  error => tell(`did not start: ${error.message}`),
);
