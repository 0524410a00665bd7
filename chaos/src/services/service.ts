import 'reflect-metadata';
import { type INestMicroservice, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyModule, type ParleyOptions, ParleyServer } from '@parley/transport';
import type { Notebook } from '../journal/journal.js';
import { ANSWERS, AnswersController } from './answers.js';
import { eventsController, LEDGER } from './event-handlers.js';

/** What all services and callers of a run share. */
export type CommonOptions = Omit<ParleyOptions, 'service'>;

/** An instance of each service; resolves once both take what they are sent. */
export async function startServices(options: CommonOptions, notebook: Notebook): Promise<Services> {
  const answers = await start(ANSWERS, options, [AnswersController, eventsController(ANSWERS, notebook)]);
  try {
    return new Services([answers, await start(LEDGER, options, [eventsController(LEDGER, notebook)])]);
  } catch (error) {
    await answers.close();
    throw error;
  }
}

/** Running instances. */
export class Services {
  constructor(private readonly apps: readonly INestMicroservice[]) {}

  async close(): Promise<void> {
    await Promise.all(this.apps.map(app => app.close()));
  }
}

async function start(
  service: string,
  options: CommonOptions,
  controllers: Type[],
): Promise<INestMicroservice> {
  @Module({ imports: [ParleyModule.forRoot({ ...options, service })], controllers })
  class ServiceModule {}
  const app = await NestFactory.createMicroservice<{ strategy: ParleyServer }>(ServiceModule, {
    inject: [ParleyServer],
    useFactory: (server: ParleyServer) => ({ strategy: server }),
    logger: ['error', 'warn', 'fatal'],
  } as never);
  await app.listen();
  return app;
}
