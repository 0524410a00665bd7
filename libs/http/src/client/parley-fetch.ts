import { fetch as undiciFetch } from 'undici';
import { ParleyDispatcher, type ParleyDispatcherOptions } from './parley-dispatcher.js';
import type { ServiceClients } from './service-clients.js';

/**
 * A `fetch` whose requests to `http://<service>.parley` go over Kafka; those to other hosts go as ever.
 * `const fetch = parleyFetch(app.get(Clients)); await fetch('http://user.parley/users/1')`
 */
export function parleyFetch(clients: ServiceClients, options?: ParleyDispatcherOptions): typeof fetch {
  const dispatcher = new ParleyDispatcher(clients, options);
  const send = undiciFetch as unknown as (input: unknown, init: object) => Promise<Response>;
  return (input, init) => send(input, { ...init, dispatcher });
}
