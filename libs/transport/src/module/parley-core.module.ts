import {
  Global,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Hooks } from '../hooks/hooks.js';
import { Link } from '../link/link.js';
import { ParleyServer } from '../server/parley-server.js';
import { Clients } from './clients.js';
import { hooksIn } from './hook-providers.js';
import type { ParleyOptions } from '../options/parley-options.js';
import { resolveServerOptions } from '../options/resolve-options.js';
import { PARLEY_OPTIONS } from './tokens.js';

/** The one link of the application, and the server that uses it. Global, so that it starts first and is closed last. */
@Global()
@Module({})
export class ParleyCoreModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly link: Link,
    private readonly hooks: Hooks,
    private readonly discovery: DiscoveryService,
  ) {}

  static with(options: Provider, imports: NonNullable<DynamicModule['imports']> = []): DynamicModule {
    return {
      module: ParleyCoreModule,
      imports: [DiscoveryModule, ...imports],
      providers: [
        options,
        {
          provide: Hooks,
          inject: [PARLEY_OPTIONS],
          useFactory: (given: ParleyOptions) => new Hooks(resolveServerOptions(given).hooks),
        },
        {
          provide: Link,
          inject: [PARLEY_OPTIONS],
          useFactory: (given: ParleyOptions) => new Link(resolveServerOptions(given).link),
        },
        {
          provide: ParleyServer,
          inject: [PARLEY_OPTIONS, Link, Hooks],
          useFactory: (given: ParleyOptions, link: Link, hooks: Hooks) =>
            new ParleyServer(given, link, hooks),
        },
        {
          provide: Clients,
          inject: [PARLEY_OPTIONS, Link, Hooks],
          useFactory: (given: ParleyOptions, link: Link, hooks: Hooks) => new Clients(given, link, hooks),
        },
      ],
      exports: [PARLEY_OPTIONS, Link, ParleyServer, Clients],
    };
  }

  onModuleInit(): void {
    this.hooks.add(hooksIn(this.discovery));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.link.close();
  }
}
