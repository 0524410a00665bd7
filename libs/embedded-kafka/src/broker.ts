import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { Connection, type ConnectionOptions } from './connection.js';

/** One broker's listening socket and the connections it has accepted. */
export class Broker {
  private readonly connections = new Set<Connection>();
  private server: Server | undefined;

  constructor(private readonly options: ConnectionOptions) {}

  /**
   * Starts to listen and resolves to the port.
   * @throws the system's error where the port is taken
   */
  async listen(host: string, port: number): Promise<number> {
    const server = createServer(socket => {
      const connection = new Connection(socket, this.options);
      this.connections.add(connection);
      socket.on('close', () => this.connections.delete(connection));
    });
    this.server = server;
    server.listen({ host, port });
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address ? address.port : port;
  }

  /** Stops listening and breaks every connection, without a word, as a broker that dies does. */
  async close(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const connection of this.connections) connection.close();
    await closed;
  }
}
