import {
  Global,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { Link } from '../link/link.js';
import { ParleyServer } from '../server/parley-server.js';
import { Clients } from './clients.js';
import { resolveServerOptions, type ParleyOptions } from '../options/options.js';
import { PARLEY_OPTIONS } from './tokens.js';

/** The one link of the application, and the server that uses it. Global, so that it is closed last. */
@Global()
@Module({})
export class ParleyCoreModule implements OnApplicationShutdown {
  constructor(private readonly link: Link) {}

  static with(options: Provider, imports: DynamicModule['imports'] = []): DynamicModule {
    return {
      module: ParleyCoreModule,
      imports,
      providers: [
        options,
        {
          provide: Link,
          inject: [PARLEY_OPTIONS],
          useFactory: (given: ParleyOptions) => new Link(resolveServerOptions(given).link),
        },
        {
          provide: ParleyServer,
          inject: [PARLEY_OPTIONS, Link],
          useFactory: (given: ParleyOptions, link: Link) => new ParleyServer(given, link),
        },
        {
          provide: Clients,
          inject: [PARLEY_OPTIONS, Link],
          useFactory: (given: ParleyOptions, link: Link) => new Clients(given, link),
        },
      ],
      exports: [PARLEY_OPTIONS, Link, ParleyServer, Clients],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.link.close();
  }
}
