import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '../journal/journal.js';

/** What has a beginning and an end in this process, and what it saw. */
export interface Running {
  journal: Journal;
  /** Ends what it asks; does nothing where it only answers. */
  quiet(): Promise<void>;
  underWay(): string[];
  /** Closes its applications, whatever they are at. */
  end(): Promise<void>;
}

/** A place in which one follows another: each ends in order, since what runs in this process cannot be killed. */
export class InProcessPlace {
  readonly journals: Journal[] = [];
  readonly crashes: string[] = [];
  #running: Running | undefined;

  constructor(
    private readonly name: string,
    private readonly begin: (name: string) => Promise<Running>,
    /** How long it may take to end. */
    private readonly rolledMs: number,
  ) {}

  async start(): Promise<void> {
    this.#running = await this.begin(`${this.name}.${this.journals.length + 1}`);
    this.journals.push(this.#running.journal);
  }

  async quiet(): Promise<void> {
    await this.#running?.quiet();
  }

  /** What it has not done with. */
  get underWay(): string[] {
    return (this.#running?.underWay() ?? []).map(what => `${this.name}: ${what}`);
  }

  /** Ends it as a rolling restart does, whatever it is at. One that does not end well and in time is a crash. */
  async roll(): Promise<void> {
    const ended = new AbortController();
    const late = sleep(this.rolledMs, undefined, { signal: ended.signal }).then(() => {
      throw new Error(`it did not end within ${this.rolledMs / 1_000} s`);
    });
    try {
      await Promise.race([this.end(), late]);
    } catch (error) {
      this.crashes.push(`${this.name}, rolled: ${String(error)}`);
    } finally {
      ended.abort();
    }
  }

  async end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.end();
  }
}
