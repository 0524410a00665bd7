import http, { Agent, createServer, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import { forwardBy } from './forwarding.js';
import { connectionWithin } from './near-socket.js';
import { ParleyDispatcher, type ParleyDispatcherOptions } from './parley-dispatcher.js';
import type { ServiceClients } from './service-clients.js';
import { serviceOf } from './service-host.js';

type Connected = (error: Error | null, stream: Duplex) => void;

/**
 * For callers on `node:http`, such as axios with its default adapter, got and supertest: requests to
 * `http://<service>.parley` go over Kafka, those to other hosts to the network.
 * `HttpModule.register({ httpAgent: new ParleyAgent(clients) })`, or `http.globalAgent = new ParleyAgent(clients)`.
 *
 * Costs a request's bytes being written and read once more than by `fetch`.
 */
export class ParleyAgent extends Agent {
  /** Never listens: it is given the connections that are made here. */
  private readonly server;
  private readonly suffix: string | undefined;
  private readonly dispatcher: ParleyDispatcher;

  constructor(clients: ServiceClients, options: ParleyDispatcherOptions & { agent?: AgentOptions } = {}) {
    const { agent, ...dispatching } = options;
    super(agent);
    // For a request with `agent: false`, as supertest's are, Node makes another one of the global agent's class, of nothing.
    const like = (clients as ServiceClients | undefined) ? undefined : globalParleyAgent();
    this.suffix = like?.suffix ?? options.suffix;
    this.dispatcher = like?.dispatcher ?? new ParleyDispatcher(clients, dispatching);
    this.server = createServer(forwardBy(this.dispatcher));
  }

  override createConnection(options: ClientRequestArgs, connected?: Connected): Duplex {
    if (!serviceOf(options.host ?? '', this.suffix)) return super.createConnection(options, connected);
    const [near, far] = connectionWithin();
    this.server.emit('connection', far);
    return near;
  }
}

function globalParleyAgent(): ParleyAgent {
  const { globalAgent } = http;
  if (globalAgent instanceof ParleyAgent) return globalAgent;
  throw new TypeError('new ParleyAgent(clients) takes the clients of an application: app.get(Clients)');
}
