import { ParleyDispatcher, type ParleyDispatcherOptions } from './parley-dispatcher.js';
import type { ServiceClients } from './service-clients.js';

/**
 * A `fetch` whose requests to `http://<service>.parley` go over Kafka; those to other hosts go as ever.
 * `const fetch = parleyFetch(app.get(Clients)); await fetch('http://user.parley/users/1')`
 */
export function parleyFetch(clients: ServiceClients, options?: ParleyDispatcherOptions): typeof fetch {
  const dispatcher = new ParleyDispatcher(clients, options);
  // Node's own, as of now: what is made here may take its place.
  const send = globalThis.fetch as (input: unknown, init: object) => Promise<Response>;
  return (input, init) => send(input, { ...init, dispatcher });
}
