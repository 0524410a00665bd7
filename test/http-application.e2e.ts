import http from 'node:http';
import { HttpModule, HttpService } from '@nestjs/axios';
import {
  BadRequestException,
  Catch,
  Controller,
  ForbiddenException,
  Get,
  Module,
  Param,
  Version,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ParleyAgent, ParleyDispatcher, parleyFetch, serveHttpOverKafka } from '@parley/http';
import { Clients, ParleyModule } from '@parley/transport';
import axios from 'axios';
import { lastValueFrom, map, type Observable } from 'rxjs';
import supertest from 'supertest';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

class Missing extends Error {}

@Controller('users')
class UsersController {
  @Get(':id')
  @Version('1')
  first(@Param('id') id: unknown): object {
    return { version: 1, id };
  }

  @Get(':id')
  @Version('2')
  second(@Param('id') id: unknown): object {
    if (id === 404) throw new Missing('nobody');
    return { version: 2, id };
  }
}

@Controller('health')
class HealthController {
  @Get()
  @Version(['1', '2'])
  health(): object {
    return { well: true };
  }
}

/** Numbers arrive as numbers. */
class NumbersPipe implements PipeTransform {
  transform(value: unknown): number {
    const number = Number(value);
    if (Number.isNaN(number)) throw new BadRequestException(`${String(value)} is no number`);
    return number;
  }
}

class DoorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<http.IncomingMessage>();
    if (headers['x-stay-out']) throw new ForbiddenException('not you');
    return true;
  }
}

class WrappingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map(data => ({ data })));
  }
}

@Catch(Missing)
class MissingFilter implements ExceptionFilter {
  catch({ message }: Missing, host: ArgumentsHost): void {
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: object): void } }>();
    response.status(410).send({ gone: message });
  }
}

/** The same application with either kind of version, and all that is global. */
async function start(
  services: Services,
  service: string,
  versions: VersioningType.URI | VersioningType.HEADER,
  adapter?: FastifyAdapter,
): Promise<INestApplication> {
  const imports = [ParleyModule.forRoot(services.options(service))];
  @Module({ imports, controllers: [UsersController, HealthController] })
  class AppModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      const stamp = (_: unknown, response: http.ServerResponse, next: () => void) => {
        response.setHeader('x-middleware', 'seen');
        next();
      };
      consumer.apply(stamp).forRoutes('{*path}');
    }
  }
  const app: INestApplication = adapter
    ? await NestFactory.create(AppModule, adapter, { logger: false })
    : await NestFactory.create(AppModule, { logger: false });
  app.setGlobalPrefix('api', { exclude: ['health'] });
  if (versions === VersioningType.URI) app.enableVersioning({ type: VersioningType.URI });
  else app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
  app.useGlobalPipes(new NumbersPipe());
  app.useGlobalGuards(new DoorGuard());
  app.useGlobalInterceptors(new WrappingInterceptor());
  app.useGlobalFilters(new MissingFilter());
  await serveHttpOverKafka(app);
  await app.listen(0, '127.0.0.1');
  services.add(app);
  return app;
}

interface Asked {
  service: string;
  path: string;
  headers?: Record<string, string>;
  status: number;
  body: object;
}

const CASES: Record<string, Asked> = {
  'the first version by its path': {
    service: 'by-uri',
    path: '/api/v1/users/7',
    status: 200,
    body: { data: { version: 1, id: 7 } },
  },
  'the second version by its path': {
    service: 'by-uri',
    path: '/api/v2/users/7',
    status: 200,
    body: { data: { version: 2, id: 7 } },
  },
  'a version by its header': {
    service: 'by-header',
    path: '/api/users/7',
    headers: { 'x-version': '2' },
    status: 200,
    body: { data: { version: 2, id: 7 } },
  },
  'no such version': {
    service: 'by-uri',
    path: '/api/v3/users/7',
    status: 404,
    body: { message: 'Cannot GET /api/v3/users/7', error: 'Not Found', statusCode: 404 },
  },
  'what the prefix leaves out': {
    service: 'by-uri',
    path: '/v1/health',
    status: 200,
    body: { data: { well: true } },
  },
  'what a global pipe refuses': {
    service: 'by-uri',
    path: '/api/v1/users/seven',
    status: 400,
    body: { message: 'seven is no number', error: 'Bad Request', statusCode: 400 },
  },
  'whom a global guard keeps out': {
    service: 'by-uri',
    path: '/api/v1/users/7',
    headers: { 'x-stay-out': 'yes' },
    status: 403,
    body: { message: 'not you', error: 'Forbidden', statusCode: 403 },
  },
  'what a global filter catches': {
    service: 'by-uri',
    path: '/api/v2/users/404',
    status: 410,
    body: { gone: 'nobody' },
  },
};

describe.each(['Express', 'Fastify'])('an application on %s answers over Kafka as over HTTP', platform => {
  const services = new Services();
  const origins = new Map<string, string>();
  let fetch: typeof globalThis.fetch;

  beforeAll(async () => {
    const adapter = () => (platform === 'Fastify' ? new FastifyAdapter() : undefined);
    for (const [service, versions] of [
      ['by-uri', VersioningType.URI],
      ['by-header', VersioningType.HEADER],
    ] as const) {
      const app = await start(services, service, versions, adapter());
      origins.set(service, await app.getUrl());
    }
    fetch = parleyFetch((await services.context('caller', [...origins.keys()])).get(Clients));
  });
  afterAll(() => services.stop());

  it.each(Object.entries(CASES))('%s', async (_, { service, path, headers = {}, status, body }) => {
    const overKafka = await fetch(`http://${service}.parley${path}`, { headers });
    const overHttp = await globalThis.fetch(`${origins.get(service)}${path}`, { headers });
    for (const response of [overKafka, overHttp]) {
      expect([response.status, response.headers.get('x-middleware')]).toEqual([status, 'seen']);
      expect(await response.json()).toEqual(body);
    }
  });
});

describe('what is global in a caller', () => {
  const services = new Services();
  const dispatcher = getGlobalDispatcher();
  const agent = http.globalAgent;
  const path = '/api/v1/users/7';
  const expected = { data: { version: 1, id: 7 } };
  let clients: Clients;
  let network: string;

  beforeAll(async () => {
    const app = await start(services, 'by-uri', VersioningType.URI);
    network = await app.getUrl();
    clients = (await services.context('caller', ['by-uri'])).get(Clients);
  });
  afterEach(() => {
    setGlobalDispatcher(dispatcher);
    http.globalAgent = agent;
  });
  afterAll(() => services.stop());

  it('undici’s dispatcher serves every fetch of the process, and leaves other hosts alone', async () => {
    setGlobalDispatcher(new ParleyDispatcher(clients));
    for (const origin of ['http://by-uri.parley', network]) {
      const response = await globalThis.fetch(origin + path);
      expect([response.status, await response.json()]).toEqual([200, expected]);
    }
  });

  it('Node’s agent serves axios, HttpService and supertest, and leaves other hosts alone', async () => {
    http.globalAgent = new ParleyAgent(clients);
    @Module({ imports: [HttpModule] })
    class CallerModule {}
    const caller = await NestFactory.createApplicationContext(CallerModule, { logger: false });
    services.add(caller);
    for (const origin of ['http://by-uri.parley', network]) {
      expect((await axios.get(origin + path)).data).toEqual(expected);
      expect((await lastValueFrom(caller.get(HttpService).get(origin + path))).data).toEqual(expected);
      expect((await supertest(origin).get(path).expect(200)).body).toEqual(expected);
    }
  });
});
