import 'reflect-metadata';
import { type INestMicroservice, type LogLevel, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ParleyModule, type ParleyOptions, ParleyServer } from '@parley/transport';
import type { Notebook } from '../journal/journal.js';
import { ANSWERS, AnswersController } from './answers.js';
import { eventsController, LEDGER } from './event-handlers.js';
import { serverUnderWay } from './under-way.js';

/** What all services and callers of a run share. */
export type CommonOptions = Omit<ParleyOptions, 'service'>;

/**
 * An instance of each service; resolves once both take what they are sent.
 * @param logged what is printed; some handlers fail on purpose, of which Nest tells as errors
 */
export async function startServices(
  options: CommonOptions,
  notebook: Notebook,
  logged: LogLevel[],
): Promise<Services> {
  const starting = (service: string, controllers: Type[]) =>
    start({ ...options, service }, [...controllers, eventsController(service, notebook)], logged);
  const answers = await starting(ANSWERS, [AnswersController]);
  try {
    return new Services([answers, await starting(LEDGER, [])]);
  } catch (error) {
    await answers.close();
    throw error;
  }
}

/** Running instances. */
export class Services {
  constructor(private readonly apps: readonly INestMicroservice[]) {}

  /** What they have not done with; nothing, where they are at rest and well. */
  get underWay(): string[] {
    return this.apps.flatMap(app => serverUnderWay(app.get(ParleyServer).health()));
  }

  async close(): Promise<void> {
    await Promise.all(this.apps.map(app => app.close()));
  }
}

async function start(
  options: ParleyOptions,
  controllers: Type[],
  logger: LogLevel[],
): Promise<INestMicroservice> {
  @Module({ imports: [ParleyModule.forRoot(options)], controllers })
  class ServiceModule {}
  const app = await NestFactory.createMicroservice<{ strategy: ParleyServer }>(ServiceModule, {
    inject: [ParleyServer],
    useFactory: (server: ParleyServer) => ({ strategy: server }),
    logger,
  } as never);
  try {
    await app.listen();
  } catch (error) {
    await app.close(); // It has opened its link, and joined some of its groups perhaps.
    throw error;
  }
  return app;
}
