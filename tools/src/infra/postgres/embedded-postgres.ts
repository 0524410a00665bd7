import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { Session } from './session.js';
import { Turns } from './turns.js';

export interface EmbeddedPostgresOptions {
  /** TCP port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** Hears of connections that broke the protocol. They harm nothing else. */
  onError?: (error: Error) => void;
}

/**
 * PostgreSQL in this process, in memory, on a real TCP port: what the demo and `npm run infra` keep data in
 * where no DATABASE_URL is set. Connections take turns, so any number of clients may connect. Not served:
 * NOTIFY across connections, COPY FROM STDIN, session settings and session locks of one's own.
 */
export class EmbeddedPostgres {
  private constructor(
    private readonly db: PGlite,
    private readonly server: Server,
    private readonly sessions: Map<Socket, Promise<void>>,
  ) {}

  static async start(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
    const db = await PGlite.create();
    const turns = new Turns();
    const sessions = new Map<Socket, Promise<void>>();
    const server = createServer(socket => {
      socket.setNoDelay(true);
      const session = new Session(socket, db, turns)
        .run()
        .catch((error: unknown) => {
          if (!isDisconnect(error))
            options.onError?.(error instanceof Error ? error : new Error(String(error)));
        })
        .finally(() => sessions.delete(socket));
      sessions.set(socket, session);
    });
    try {
      server.listen(options.port ?? 0, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      await db.close();
      throw error;
    }
    return new EmbeddedPostgres(db, server, sessions);
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  }

  /** Cuts every connection and frees the database's memory. */
  async close(): Promise<void> {
    const closed = new Promise(resolve => this.server.close(resolve));
    for (const socket of this.sessions.keys()) socket.destroy();
    await Promise.all(this.sessions.values());
    await closed;
    await this.db.close();
  }
}

function isDisconnect(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
