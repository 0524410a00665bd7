/** Questions by name: what each is asked with and what answers it. */
export type Questions = Record<string, (parameter: never) => unknown>;

type Answer<Q extends Questions, K extends keyof Q> = Awaited<ReturnType<Q[K]>>;

interface Outgoing {
  id: number;
  ask?: string;
  parameter?: unknown;
  result?: unknown;
  error?: string;
}

/** As it arrives. Both ends are of one build and share their Questions, so that the contents are trusted. */
interface Incoming extends Outgoing {
  parameter: never;
  result: never;
}

/** The end of an IPC channel: a child's `process`, or the ChildProcess it is to its parent. */
export interface Channel {
  send?(message: Outgoing): boolean;
  on(event: 'message', listener: (message: Incoming) => void): unknown;
}

interface Pending {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** Questions and answers over an IPC channel, in both directions. */
export class Peer<Theirs extends Questions, Ours extends Questions> {
  readonly #pending = new Map<number, Pending>();
  #asked = 0;

  constructor(
    private readonly channel: Channel,
    private readonly answers: Ours,
  ) {
    channel.on('message', message => void this.#receive(message));
  }

  /** Answers without asking. */
  static serve<Ours extends Questions>(channel: Channel, answers: Ours): void {
    void new Peer<{}, Ours>(channel, answers);
  }

  /** Resolves with the other side's answer; rejects with what it threw. */
  ask<K extends keyof Theirs & string>(
    name: K,
    parameter: Parameters<Theirs[K]>[0],
  ): Promise<Answer<Theirs, K>> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.channel.send?.({ id, ask: name, parameter });
    });
  }

  /** Fails what is still unanswered: the other side is gone. */
  end(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }

  async #receive(message: Incoming): Promise<void> {
    if (message.ask !== undefined) {
      this.channel.send?.(await this.#answer(message.id, message.ask, message.parameter));
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error === undefined) pending?.resolve(message.result);
    else pending?.reject(new Error(message.error));
  }

  async #answer(id: number, ask: string, parameter: never): Promise<Outgoing> {
    try {
      const answer = this.answers[ask];
      if (!answer) throw new Error(`Nothing answers "${ask}".`);
      return { id, result: await answer(parameter) };
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : JSON.stringify(error) };
    }
  }
}
