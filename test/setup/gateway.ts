import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { on, once } from 'node:events';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyExceptionFilter, ParleyModule, type ParleyOptions } from '@parley/transport';

/** A web application in front of services, and real requests to it. */
export class Gateway {
  private constructor(
    private readonly app: INestApplication,
    private readonly url: string,
  ) {}

  static async start(options: ParleyOptions, to: readonly string[], controllers: Type[]): Promise<Gateway> {
    @Module({ imports: [ParleyModule.forRoot(options), ParleyModule.forClients(to)], controllers })
    class GatewayModule {}
    const app = await NestFactory.create(GatewayModule, { logger: false });
    app.useGlobalFilters(new ParleyExceptionFilter(app.getHttpAdapter()));
    await app.listen(0, '127.0.0.1');
    return new Gateway(app, await app.getUrl());
  }

  /** The whole answer. */
  get(path: string): Promise<Response> {
    return fetch(`${this.url}${path}`);
  }

  /** A request that is there to be left: `destroy` cuts its connection, as a browser does that goes away. */
  open(path: string): ClientRequest {
    const opened = request(`${this.url}${path}`, { agent: false });
    opened.on('error', () => undefined); // It is to be cut.
    opened.end();
    return opened;
  }

  /** Resolves once the answer's body holds this. */
  static async says(opened: ClientRequest, expected: string): Promise<void> {
    const [response] = (await once(opened, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    for await (const [chunk] of on(response, 'data')) if (String(chunk).includes(expected)) return;
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
