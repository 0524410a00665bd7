import { setTimeout as sleep } from 'node:timers/promises';
import type { ParleyClient } from '@parley/transport';
import type { Notebook } from '../journal/journal.js';
import { Random } from '../random.js';
import { Caller } from './caller.js';
import { Emitter } from './emitter.js';

export interface LoadOptions {
  /** The process's name, with which those of its calls and keys begin. */
  process: string;
  seed: number;
  /** Callers side by side, each of which makes a call after the other. */
  callers: number;
  /** Keys, of each of which an event after the other is emitted. */
  keys: number;
  /** How many times quicker slow calls are answered and streams' items come. Default 1. */
  pace?: number;
}

/** How long after their deadlines calls may take to end once the load is told to stop: a stream's whole length. */
const GRACE_MS = 30_000;

/** How long after their client was closed calls and events may take to be told of it. */
const CLOSED_GRACE_MS = 2_000;

/** All that one process asks of the services: calls, streams and events, until it is told to stop. */
export class Load {
  readonly #callers: Caller[];
  readonly #emitters: Emitter[];
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    client: ParleyClient,
    private readonly notebook: Notebook,
    { process, seed, callers, keys, pace = 1 }: LoadOptions,
  ) {
    const random = new Random(seed);
    const each = (count: number) => Array.from({ length: count }, (_, index) => index);
    this.#callers = each(callers).map(
      index =>
        new Caller(client, notebook, `${process}/${index}`, new Random(random.between(0, 2 ** 31)), pace),
    );
    this.#emitters = each(keys).map(
      index => new Emitter(client, notebook, `${process}/k${index}`, new Random(random.between(0, 2 ** 31))),
    );
  }

  start(): void {
    this.#running = Promise.all([...this.#callers, ...this.#emitters].map(one => one.run()));
  }

  /**
   * Resolves once everything that was begun has ended, or should have long since: with how many calls and events have
   * not. The load may be started again only where none is left.
   */
  async stop(graceMs = GRACE_MS): Promise<number> {
    this.#beginNoMore();
    return this.#ended(graceMs);
  }

  /**
   * Closes whatever it calls by while calls are open: these are to end by that. Resolves with how many calls and events
   * have not; rejects as `close` does.
   */
  async end(close: () => Promise<void>): Promise<number> {
    this.#beginNoMore();
    await close();
    return this.#ended(CLOSED_GRACE_MS);
  }

  #beginNoMore(): void {
    for (const one of [...this.#callers, ...this.#emitters]) one.stop();
  }

  /** Resolves when nothing is open any more, or the time is up: with how much is. */
  async #ended(graceMs: number): Promise<number> {
    const over = new AbortController();
    const limit = sleep(graceMs, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.#running, limit]);
    over.abort();
    return [...this.#callers, ...this.#emitters].reduce((open, one) => open + one.open, 0);
  }
}
