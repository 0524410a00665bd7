import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { EventCount } from '../event-count.js';
import type { BenchServer } from '../system.js';

/** Starts a Nest microservice; resolves once it listens. */
export async function microservice(
  module: Type,
  options: MicroserviceOptions,
  events: EventCount,
): Promise<BenchServer> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    ...options,
    logger: ['error', 'fatal'],
  });
  await app.listen();
  return { handled: () => events.read(), close: () => app.close() };
}
