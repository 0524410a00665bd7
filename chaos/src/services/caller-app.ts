import 'reflect-metadata';
import { type INestApplicationContext, type LogLevel, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectParley, Link, ParleyClient, ParleyModule } from '@parley/transport';
import { ANSWERS } from './answers.js';
import type { CommonOptions } from './service.js';
import { linkUnderWay } from './under-way.js';

/** An application that only calls. */
export class CallerApp {
  private constructor(
    private readonly app: INestApplicationContext,
    readonly client: ParleyClient,
    private readonly link: Link,
  ) {}

  static async start(options: CommonOptions, logger: LogLevel[]): Promise<CallerApp> {
    @Module({
      imports: [ParleyModule.forRoot({ ...options, service: 'caller' }), ParleyModule.forClients([ANSWERS])],
    })
    class CallerModule {
      constructor(
        @InjectParley(ANSWERS) readonly client: ParleyClient,
        readonly link: Link,
      ) {}
    }
    const app = await NestFactory.createApplicationContext(CallerModule, { logger });
    const { client, link } = app.get(CallerModule);
    try {
      await client.connect();
    } catch (error) {
      await app.close(); // It goes on trying to connect.
      throw error;
    }
    return new CallerApp(app, client, link);
  }

  /** What it has not done with; nothing, where it is at rest and well. */
  get underWay(): string[] {
    return linkUnderWay(this.link.health());
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
