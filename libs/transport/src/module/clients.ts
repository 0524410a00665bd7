import { ParleyClient } from '../client/parley-client.js';
import type { Link } from '../link/link.js';
import type { ParleyOptions } from '../options/options.js';

/** The application's clients: one for each service it calls, however many modules ask for it. */
export class Clients {
  private readonly clients = new Map<string, ParleyClient>();

  constructor(
    private readonly options: ParleyOptions,
    private readonly link: Link,
  ) {}

  to(service: string): ParleyClient {
    let client = this.clients.get(service);
    if (!client)
      this.clients.set(service, (client = new ParleyClient({ ...this.options, to: service }, this.link)));
    return client;
  }
}
