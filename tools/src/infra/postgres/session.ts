import type { Socket } from 'node:net';
import type { PGlite } from '@electric-sql/pglite';
import { FrontendMessages } from './frontend-messages.js';
import type { FrontendMessage } from './frontend-messages.js';
import type { Turns } from './turns.js';

/** A transaction left open and silent for longer loses its connection: everybody else waits for it. */
export const IDLE_IN_TRANSACTION_MS = 30_000;

/** What a client may send in a session; anything else ends PostgreSQL's process, and here there is but one. */
const SENDABLE = new Set('QPBDECSHFdcfp');
const NOT_ENCRYPTED = 'N';

/**
 * One client connection of the embedded database.
 *
 * PGlite has a single backend session. A connection therefore holds the turn for as long as that session is
 * in a state of its own: from the first message of an extended query to its Sync, and through a transaction.
 * (pglite-socket takes turns message by message: two clients at once then bind each other's portals, and an
 * error of one makes the backend skip the messages of the other.)
 */
export class Session {
  private readonly messages = new FrontendMessages();
  private readonly statements = new Set<string>();
  private holding = false;
  private idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly db: PGlite,
    private readonly turns: Turns,
  ) {}

  /** Serves the connection until either side closes it. Rejects when the client breaks the protocol. */
  async run(): Promise<void> {
    try {
      for await (const chunk of this.socket as AsyncIterable<Buffer>) {
        for (const message of this.messages.push(chunk)) {
          if (!(await this.accept(message))) return;
        }
      }
    } finally {
      clearTimeout(this.idle);
      this.socket.destroy();
      await this.leave();
    }
  }

  /** Returns false when the message ends the connection. */
  private async accept(message: FrontendMessage): Promise<boolean> {
    if (message.kind === 'encryption') {
      this.socket.write(NOT_ENCRYPTED);
      return true;
    }
    if (message.kind === 'cancel' || message.type === 'X') return false;
    if (message.kind === 'typed' && !SENDABLE.has(message.type)) {
      throw new Error(`message type ${JSON.stringify(message.type)} is not one a client sends`);
    }
    await this.hold();
    await this.execute(message.bytes);
    if (message.type === 'P') this.remember(message.bytes);
    const settled = message.kind === 'startup' || message.type === 'Q' || message.type === 'S';
    if (settled && !this.db.isInTransaction()) this.letGo();
    else this.idle = setTimeout(() => this.socket.destroy(), IDLE_IN_TRANSACTION_MS).unref();
    return true;
  }

  private async execute(bytes: Uint8Array): Promise<void> {
    await this.db.execProtocolRawStream(bytes, {
      syncToFs: false,
      onRawData: data => {
        if (this.socket.writable) this.socket.write(Buffer.from(data));
      },
    });
  }

  private async hold(): Promise<void> {
    clearTimeout(this.idle);
    if (this.holding) return;
    await this.turns.take();
    this.holding = true;
  }

  private letGo(): void {
    this.holding = false;
    this.turns.release();
  }

  /** Prepared statements outlive a connection here, as all share a session: they are closed when it ends. */
  private remember(parse: Uint8Array): void {
    const name = Buffer.from(parse.subarray(5, parse.indexOf(0, 5))).toString('latin1');
    if (name !== '') this.statements.add(name);
  }

  private async leave(): Promise<void> {
    if (!this.holding && this.statements.size === 0) return;
    await this.hold();
    try {
      await this.execute(Buffer.concat([...[...this.statements].map(closeStatement), SYNC]));
      if (this.db.isInTransaction()) await this.db.exec('ROLLBACK');
    } finally {
      this.letGo();
    }
  }
}

const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);

function closeStatement(name: string): Buffer {
  const body = Buffer.from(`S${name}\0`, 'latin1');
  const head = Buffer.alloc(5);
  head.write('C', 0, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
