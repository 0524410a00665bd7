import { setTimeout as sleep } from 'node:timers/promises';
import { type ParleyClient, ParleyException, ParleyRecordBuilder } from '@parley/transport';
import { clock } from '@parley/tools/processes';
import type { Notebook } from '../journal/journal.js';
import type { Random } from '../random.js';
import { type CallKind, isStream, noted, type Question } from './question.js';
import { Receipt } from './receipt.js';

/** How long a call may take, and a stream to its first item. */
export const WITHIN_MS = 10_000;

/** A call after the other, every one written down when it is made and when it ends. */
export class Caller {
  open = 0;
  #running = false;
  #calls = 0;

  constructor(
    private readonly client: ParleyClient,
    private readonly notebook: Notebook,
    private readonly name: string,
    private readonly random: Random,
    private readonly pace: number,
  ) {}

  /** Resolves with the end of its last call, once it was told to stop. */
  async run(): Promise<void> {
    this.#running = true;
    while (this.#running) {
      await this.#ask(this.#question());
      await sleep(this.random.between(0, 40));
    }
  }

  stop(): void {
    this.#running = false;
  }

  #question(): Question {
    const { random, pace } = this;
    const call = `${this.name}:${this.#calls++}`;
    const kind = this.#kind();
    if (kind === 'slow' || kind === 'slow-idempotent')
      return { call, kind, takesMs: random.between(50, 3_000) / pace };
    if (kind === 'large') return { call, kind, bytes: random.between(300_000, 900_000) };
    if (kind === 'stream' || kind === 'stream-resumable')
      return { call, kind, items: random.between(1, 300), everyMs: random.between(0, 20) / pace };
    return { call, kind };
  }

  #kind(): CallKind {
    const draw = this.random.between(1, 1_000);
    if (draw <= 2) return 'large';
    if (draw <= 20) return 'stream';
    if (draw <= 40) return 'stream-resumable';
    if (draw <= 60) return 'slow';
    if (draw <= 80) return 'slow-idempotent';
    return draw <= 540 ? 'quick' : 'quick-idempotent';
  }

  #ask(question: Question): Promise<void> {
    const { call, kind } = question;
    const record = new ParleyRecordBuilder(question).setTimeout(WITHIN_MS);
    if (this.random.between(1, 4) === 1) record.setKey(this.name);
    const answers: string[] = [];
    const receipt = new Receipt(question);
    const came = isStream(question) ? { runs: receipt.runs, strays: receipt.strays } : { answers };
    this.open += 1;
    this.notebook.write({ is: 'asked', at: clock(), question, withinMs: WITHIN_MS });
    return new Promise(resolve => {
      const end = (failure?: { status: string; message: string }): void => {
        this.open -= 1;
        this.notebook.write({ is: 'ended', at: clock(), call, ...came, ...failure });
        resolve();
      };
      this.client.send<unknown>(kind, record.build()).subscribe({
        next: value => {
          if (isStream(question)) receipt.add(value);
          else answers.push(noted(value));
        },
        error: (error: unknown) => end(failureOf(error)),
        complete: () => end(),
      });
    });
  }
}

/** What a caller or an emitter was told of a failure. */
export function failureOf(error: unknown): { status: string; message: string } {
  if (error instanceof ParleyException) return { status: error.status, message: error.message };
  return { status: 'none', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
