import { randomBytes } from 'node:crypto';
import { Module, type INestApplicationContext, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ParleyClient,
  ParleyModule,
  ParleyServer,
  type ClientTransport,
  type ParleyOptions,
} from '@parley/transport';
import { inject } from 'vitest';

type Extra = Partial<Omit<ParleyOptions, 'service'>>;

/**
 * The services of one test file, on topics of their own: `start` runs a microservice, `client` gives a client of a
 * process of its own. `stop` ends all of them.
 */
export class Services {
  readonly prefix = `t${randomBytes(4).toString('hex')}-`;
  private readonly running: { close(): Promise<unknown> }[] = [];

  options(service: string, extra: Extra = {}): ParleyOptions {
    return {
      service,
      kafka: { brokers: inject('brokers') },
      prefix: this.prefix,
      topics: { calls: { partitions: 2 }, inbox: { partitions: 2 }, events: { partitions: 2 } },
      drainTimeoutMs: 3000,
      ...extra,
    };
  }

  async start(
    service: string,
    controllers: Type[],
    extra: Extra = {},
    providers: Type[] = [],
  ): Promise<INestMicroservice> {
    @Module({ imports: [ParleyModule.forRoot(this.options(service, extra))], controllers, providers })
    class ServiceModule {}
    const app = await NestFactory.createMicroservice<{ strategy: ParleyServer }>(ServiceModule, {
      inject: [ParleyServer],
      useFactory: (server: ParleyServer) => ({ strategy: server }),
      logger: ['fatal'],
    } as never);
    this.running.push(app);
    await app.listen();
    return app;
  }

  /** A client of `to` whose link is its own. */
  client(to: string, extra: Extra & { from?: string; transport?: ClientTransport } = {}): ParleyClient {
    const { from = 'caller', ...options } = extra;
    const client = new ParleyClient({ ...this.options(from, options), to });
    this.running.push(client);
    return client;
  }

  /** An application without a server. */
  async context(
    service: string,
    to: readonly string[],
    extra: Extra = {},
    providers: Type[] = [],
  ): Promise<INestApplicationContext> {
    @Module({
      imports: [ParleyModule.forRoot(this.options(service, extra)), ParleyModule.forClients(to)],
      providers,
    })
    class CallerModule {}
    const app = await NestFactory.createApplicationContext(CallerModule, { logger: ['fatal'] });
    this.running.push(app);
    return app;
  }

  /** One more that `stop` ends. */
  add(one: { close(): Promise<unknown> }): void {
    this.running.push(one);
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.splice(0).map(async one => one.close()));
  }
}
