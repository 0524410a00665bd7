/** The end of an IPC channel: a child's `process`, or the ChildProcess it is to its parent. */
export interface Channel {
  send?(message: object): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Handler = (parameter: unknown) => unknown;

interface Message {
  id: number;
  ask?: string;
  parameter?: unknown;
  result?: unknown;
  error?: string;
}

/** Questions and answers over an IPC channel, in both directions. */
export class Peer {
  readonly #pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #asked = 0;

  constructor(
    private readonly channel: Channel,
    private readonly handlers: Readonly<Record<string, Handler>> = {},
  ) {
    channel.on('message', message => void this.#receive(message as Message));
  }

  /** Resolves with what the other side's handler returned; rejects with what it threw. */
  ask<T>(name: string, parameter?: unknown): Promise<T> {
    const id = ++this.#asked;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: result => resolve(result as T), reject });
      this.channel.send?.({ id, ask: name, parameter } satisfies Message);
    });
  }

  /** Fails what is still unanswered: the other side is gone. */
  end(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  async #receive(message: Message): Promise<void> {
    if (message.ask !== undefined) {
      this.channel.send?.(await this.#answer(message.id, message.ask, message.parameter));
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error === undefined) pending?.resolve(message.result);
    else pending?.reject(new Error(message.error));
  }

  async #answer(id: number, ask: string, parameter: unknown): Promise<Message> {
    try {
      const handler = this.handlers[ask];
      if (!handler) throw new Error(`Nothing answers "${ask}".`);
      return { id, result: await handler(parameter) };
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : JSON.stringify(error) };
    }
  }
}
