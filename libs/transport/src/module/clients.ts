import { ParleyClient } from '../client/parley-client.js';
import type { Hooks } from '../hooks/hooks.js';
import type { Link } from '../link/link.js';
import type { ParleyClientOptions, ParleyOptions } from '../options/parley-options.js';

/** What differs between one client and the application's others. */
export type OwnClientOptions = Pick<
  ParleyClientOptions,
  'transport' | 'timeoutMs' | 'idleTimeoutMs' | 'window' | 'waitForReady' | 'policies'
>;

/** The application's clients: one for each service it calls, however many modules ask for it. */
export class Clients {
  private readonly clients = new Map<string, ParleyClient>();

  constructor(
    private readonly options: ParleyOptions,
    private readonly link: Link,
    private readonly hooks: Hooks,
  ) {}

  to(service: string): ParleyClient {
    let client = this.clients.get(service);
    if (!client) this.clients.set(service, (client = this.make(service, {})));
    return client;
  }

  /** One that nobody else shares, since it differs. */
  make(service: string, own: OwnClientOptions): ParleyClient {
    return new ParleyClient({ ...this.options, ...own, to: service }, this.link, this.hooks);
  }
}
