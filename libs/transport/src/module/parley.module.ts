import {
  Logger,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Link } from '../link/link.js';
import { ParleyServer } from '../server/parley-server.js';
import { Clients, type OwnClientOptions } from './clients.js';
import type { ParleyOptions } from '../options/parley-options.js';
import { lostParameters } from './lost-parameters.js';
import { ParleyCoreModule } from './parley-core.module.js';
import { clientToken, PARLEY_OPTIONS } from './tokens.js';

export interface ParleyAsyncOptions extends Pick<DynamicModule, 'imports'> {
  inject?: FactoryProvider['inject'];
  useFactory: (...dependencies: never[]) => ParleyOptions | Promise<ParleyOptions>;
}

/** A client with options of its own: what is not named is as ParleyModule was given it. */
export interface ClientEntry extends OwnClientOptions {
  service: string;
}

/**
 * Parley in an application: one link to Kafka, one server, clients by name.
 *
 * Nest starts modules by distance from the root and stops them in reverse; with distance 0 this one starts last and
 * stops first. So requests are taken only once every provider is ready, and the handlers that run at shutdown still
 * have their database.
 */
@Module({})
export class ParleyModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly server: ParleyServer,
    private readonly link: Link,
    private readonly modules: ModulesContainer,
  ) {
    const own = [...modules.values()].filter(({ metatype }) => metatype === ParleyModule);
    if (own.length > 1) {
      throw new Error(
        'ParleyModule.forRoot was imported more than once: an application has one link to Kafka, so import it in the root module only',
      );
    }
    for (const module of own) module.distance = 0;
    if (own.length === 0)
      new Logger('Parley').warn(
        'Nest does not list ParleyModule: handlers may be stopped after the providers they use',
      );
    this.server.awaitBootstrap();
  }

  static forRoot(options: ParleyOptions): DynamicModule {
    return {
      module: ParleyModule,
      imports: [ParleyCoreModule.with({ provide: PARLEY_OPTIONS, useValue: options })],
    };
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: ParleyAsyncOptions): DynamicModule {
    const options = { provide: PARLEY_OPTIONS, inject, useFactory };
    return { module: ParleyModule, imports: [ParleyCoreModule.with(options, imports)] };
  }

  /**
   * Clients for the services named, for injection with `@InjectParley(name)`. All share the application's link. A
   * client with options of its own, such as policies, is the importing module's own.
   */
  static forClients(services: readonly (string | ClientEntry)[]): DynamicModule {
    const providers = services.map(entry => {
      const { service: to, ...own } = typeof entry === 'string' ? { service: entry } : entry;
      return {
        provide: clientToken(to),
        inject: [Clients],
        useFactory: (clients: Clients) =>
          typeof entry === 'string' ? clients.to(to) : clients.make(to, own),
      };
    });
    return { module: ParleyClientsModule, providers, exports: providers.map(({ provide }) => provide) };
  }

  onApplicationBootstrap(): void {
    for (const { controllers } of this.modules.values()) {
      for (const { metatype } of controllers.values()) {
        for (const said of lostParameters(metatype as Type)) new Logger('Parley').warn(said);
      }
    }
    // So that readiness tells the truth before the first call; whoever calls waits for the same attempt.
    this.link.open(OPEN_TIMEOUT_MS).catch((error: Error) => new Logger('Parley').error(error.message));
    this.server.bootstrapped();
  }

  async onModuleDestroy(): Promise<void> {
    await this.server.drain();
  }
}

/** After so long without Kafka an application says so in its log; it goes on trying. In ms. */
const OPEN_TIMEOUT_MS = 30_000;

@Module({})
class ParleyClientsModule {}
