import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Controller, Module } from '@nestjs/common';
import { ClientGrpcProxy, type GrpcOptions, GrpcMethod, Transport } from '@nestjs/microservices';
import { lastValueFrom, type Observable } from 'rxjs';
import type { Body } from '../body.js';
import { EventCount } from '../event-count.js';
import { type Settings, SLOW_MS, type System } from '../system.js';
import { bodiesPerTurn } from './bodies.js';
import { microservice } from './microservice.js';

function options({ port }: Settings): GrpcOptions['options'] {
  return {
    package: 'bench',
    protoPath: fileURLToPath(new URL('../../proto/bench.proto', import.meta.url)),
    url: `127.0.0.1:${port}`,
  };
}

interface Bench {
  unary(data: Body): Observable<Body>;
  slow(data: Body): Observable<Body>;
  stream(request: { items: number }): Observable<Body>;
}

@Controller()
class BenchController {
  @GrpcMethod('Bench')
  unary(data: Body): Body {
    return data;
  }

  @GrpcMethod('Bench')
  async slow(data: Body): Promise<Body> {
    await sleep(SLOW_MS);
    return data;
  }

  @GrpcMethod('Bench')
  stream({ items }: { items: number }): Observable<Body> {
    return bodiesPerTurn(items, 1);
  }
}

@Module({ controllers: [BenchController] })
class BenchModule {}

/** Nest's gRPC transport: protobuf over HTTP/2, no broker. It has no events. */
export const system: System = {
  server: settings =>
    microservice(BenchModule, { transport: Transport.GRPC, options: options(settings) }, new EventCount()),

  async client(settings) {
    const proxy = new ClientGrpcProxy(options(settings));
    const bench = proxy.getService<Bench>('Bench');
    return {
      unary: data => lastValueFrom(bench.unary(data)),
      slow: data => lastValueFrom(bench.slow(data)),
      stream: items => bench.stream({ items }),
      close: async () => {
        proxy.close();
      },
    };
  },
};
