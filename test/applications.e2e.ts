import 'reflect-metadata';
import {
  ConflictException,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  type INestApplication,
  type INestMicroservice,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxy, ClientsModule, MessagePattern, Payload } from '@nestjs/microservices';
import {
  InjectParley,
  ParleyClient,
  ParleyException,
  ParleyExceptionFilter,
  ParleyModule,
  ParleyServer,
} from '@parley/transport';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { Services } from './setup/services.js';

@Controller()
class GreetController {
  @MessagePattern('greet')
  greet(@Payload() name: string): string {
    return `hello ${name}`;
  }
}

@Injectable()
class Caller {
  constructor(@InjectParley('greeter') private readonly greeter: ParleyClient) {}

  greet(name: string): Promise<string> {
    return firstValueFrom(this.greeter.send<string>('greet', name));
  }
}

@Controller('greetings')
class RestController {
  constructor(private readonly caller: Caller) {}

  @Get()
  greet(): Promise<string> {
    return this.caller.greet('web');
  }
}

describe('applications', () => {
  const services = new Services();
  let apps: (INestApplication | INestMicroservice)[] = [];
  afterEach(async () => {
    await Promise.all(apps.map(app => app.close()));
    apps = [];
    await services.stop();
  });

  it.each([true, false])(
    'a hybrid serves HTTP and calls, and may call itself (startAllMicroservices first: %s)',
    async first => {
      @Module({
        imports: [ParleyModule.forRoot(services.options('greeter')), ParleyModule.forClients(['greeter'])],
        controllers: [GreetController, RestController],
        providers: [Caller],
      })
      class HybridModule {}
      const app = await NestFactory.create(HybridModule, { logger: false });
      apps.push(app);
      app.connectMicroservice({ strategy: app.get(ParleyServer) }, { inheritAppConfig: true });
      if (first) await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      if (!first) await app.startAllMicroservices();
      const response = await fetch(`${await app.getUrl()}/greetings`);
      expect(await response.text()).toBe('hello web');
    },
  );

  it('forRootAsync takes its options from a provider', async () => {
    @Injectable()
    class Config {
      readonly options = services.options('greeter');
    }
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}
    @Module({
      imports: [
        ParleyModule.forRootAsync({
          imports: [ConfigModule],
          inject: [Config],
          useFactory: (config: Config) => config.options,
        }),
        ParleyModule.forClients(['greeter']),
      ],
      providers: [Caller],
      controllers: [GreetController],
    })
    class AsyncModule {}
    const app = await NestFactory.create(AsyncModule, { logger: false });
    apps.push(app);
    app.connectMicroservice({ strategy: app.get(ParleyServer) });
    await app.startAllMicroservices();
    await app.init();
    expect(await app.get(Caller).greet('async')).toBe('hello async');
  });

  it('ParleyServer and ParleyClient stand alone, as Nest’s own transports do', async () => {
    @Module({ controllers: [GreetController] })
    class PlainModule {}
    const server = await NestFactory.createMicroservice(PlainModule, {
      strategy: new ParleyServer(services.options('greeter')),
      logger: false,
    });
    apps.push(server);
    await server.listen();

    @Module({
      imports: [
        ClientsModule.register([
          {
            name: 'GREETER',
            customClass: ParleyClient,
            options: { ...services.options('web'), to: 'greeter' },
          },
        ]),
      ],
    })
    class WebModule {
      constructor(@Inject('GREETER') readonly greeter: ClientProxy) {}
    }
    const web = await NestFactory.create(WebModule, { logger: false });
    apps.push(web);
    await web.init();
    expect(await firstValueFrom(web.get(WebModule).greeter.send('greet', 'alone'))).toBe('hello alone');
  });

  it('a gateway answers a failed call with its status, and with what an HttpException was thrown with', async () => {
    @Controller()
    class RefusingController {
      @MessagePattern('refuse')
      refuse(@Payload() how: string): never {
        if (how === 'http') throw new ConflictException('name taken');
        if (how === 'status') throw new ParleyException('NOT_FOUND', 'no such user', { id: 7 });
        throw new Error('secret');
      }
    }
    @Controller('refusals')
    class GatewayController {
      constructor(@InjectParley('refuser') private readonly refuser: ParleyClient) {}

      @Get(':how')
      refuse(@Param('how') how: string): Promise<unknown> {
        return firstValueFrom(this.refuser.send('refuse', how));
      }
    }
    await services.start('refuser', [RefusingController]);
    @Module({
      imports: [ParleyModule.forRoot(services.options('gateway')), ParleyModule.forClients(['refuser'])],
      controllers: [GatewayController],
    })
    class GatewayModule {}
    const app = await NestFactory.create(GatewayModule, { logger: false });
    apps.push(app);
    app.useGlobalFilters(new ParleyExceptionFilter(app.getHttpAdapter()));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const answer = async (how: string) => {
      const response = await fetch(`${url}/refusals/${how}`);
      const body: unknown = await response.json();
      return { status: response.status, body };
    };
    expect(await answer('http')).toEqual({
      status: 409,
      body: new ConflictException('name taken').getResponse(),
    });
    expect(await answer('status')).toEqual({
      status: 404,
      body: { statusCode: 404, message: 'no such user', error: 'NOT_FOUND', details: { id: 7 } },
    });
    expect(await answer('error')).toMatchObject({ status: 500, body: { message: 'Internal server error' } });
  });

  it('two instances of a service share its calls', async () => {
    const here = new Set<number>();
    const instance = (id: number) => {
      @Controller()
      class WhoController {
        @MessagePattern('who')
        who(@Payload() _data: unknown): number {
          here.add(id);
          return id;
        }
      }
      return WhoController;
    };
    await services.start('pair', [instance(1)]);
    await services.start('pair', [instance(2)]);
    const client = services.client('pair');
    await expect
      .poll(async () => {
        await Promise.all(Array.from({ length: 20 }, () => firstValueFrom(client.send('who', 1))));
        return here.size;
      })
      .toBe(2);
  });

  it('two handlers for one message pattern do not start', async () => {
    @Controller()
    class TwiceController {
      @MessagePattern('same')
      one(@Payload() _data: unknown): number {
        return 1;
      }

      @MessagePattern('same')
      two(@Payload() _data: unknown): number {
        return 2;
      }
    }
    await expect(services.start('twice', [TwiceController])).rejects.toThrow(
      'Two handlers for the message pattern "same"',
    );
  });

  it('forRoot twice does not start', async () => {
    @Module({ imports: [ParleyModule.forRoot(services.options('again', { timeoutMs: 5 }))] })
    class InnerModule {}
    @Module({ imports: [ParleyModule.forRoot(services.options('again')), InnerModule] })
    class OuterModule {}
    await expect(
      NestFactory.createApplicationContext(OuterModule, { logger: false, abortOnError: false }),
    ).rejects.toThrow('ParleyModule.forRoot was imported more than once');
  });

  it('unwrap gives the Kafka client', async () => {
    await services.start('greeter', [GreetController]);
    const client = services.client('greeter');
    await client.connect();
    expect(client.unwrap()).toBeTypeOf('object');
  });
});
