import { setTimeout as sleep } from 'node:timers/promises';
import type { Observable } from 'rxjs';
import { clock } from '@parley/tools/processes';
import { type Body, isSame } from '../body.js';
import type { BenchClient } from '../system.js';
import { CallLog, type CallRecords, type Outcome } from './call-log.js';
import { question } from './question.js';
import { seriesOutcome } from './series.js';

export interface LoadOptions {
  /** This process's number in the fleet, above 0. */
  process: number;
  /** A call without an ending for so long is lost, and its caller goes on. */
  deadlineMs: number;
  /** Every hundredth call is a stream where this is there; half of them are resumable. */
  series?: NonNullable<BenchClient['series']>;
}

/** Every so many calls of a process one is a stream. */
const SERIES_EVERY = 100;

/** How long a caller waits after a call that failed: failures that come at once are not to become a storm. */
const AFTER_FAILURE_MS = 50;

/** How many different errors are remembered. */
const ERRORS_KEPT = 8;

/** Callers of one process in a closed loop, as many as wanted at the time, each of whose calls is written down. */
export class Load {
  #log = new CallLog();
  #errors = new Map<string, number>();
  #wanted = 0;
  readonly #callers = new Map<number, Promise<void>>();

  constructor(
    private readonly ask: NonNullable<BenchClient['replies']>,
    private readonly options: LoadOptions,
  ) {}

  /** Resolves once no more callers than these are left: each ends with its call. */
  async resize(callers: number): Promise<void> {
    this.#wanted = callers;
    for (let caller = 0; caller < callers; caller++)
      if (!this.#callers.has(caller))
        this.#callers.set(
          caller,
          this.#run(caller).finally(() => this.#callers.delete(caller)),
        );
    await Promise.all([...this.#callers].flatMap(([caller, end]) => (caller < callers ? [] : end)));
  }

  /** What became of the calls so far, and which errors were met how often. Begins anew; call it while none is open. */
  take(): { records: CallRecords; errors: ReadonlyMap<string, number> } {
    const taken = { records: this.#log.read(), errors: this.#errors };
    this.#log = new CallLog();
    this.#errors = new Map();
    return taken;
  }

  async #run(caller: number): Promise<void> {
    while (caller < this.#wanted) {
      const log = this.#log;
      const call = log.asked(caller, clock());
      const outcome = await this.#outcomeOf(call, question(this.options.process, call));
      log.ended(call, clock(), outcome);
      if (outcome === 'failed') await sleep(AFTER_FAILURE_MS);
    }
  }

  #outcomeOf(call: number, sent: Body): Promise<Outcome> {
    const { series } = this.options;
    if (series && call % SERIES_EVERY === SERIES_EVERY - 1) {
      const resumable = Math.floor(call / SERIES_EVERY) % 2 === 0;
      return this.#ending(series(sent, resumable), answers => seriesOutcome(sent, answers));
    }
    return this.#ending(this.ask(sent), answers => outcomeOf(sent, answers));
  }

  #ending(replies: Observable<unknown>, judge: (answers: readonly unknown[]) => Outcome): Promise<Outcome> {
    return new Promise(resolve => {
      const answers: unknown[] = [];
      const over = setTimeout(() => {
        resolve('lost');
        subscription.unsubscribe();
      }, this.options.deadlineMs);
      const end = (outcome: Outcome): void => {
        clearTimeout(over);
        resolve(outcome);
      };
      const subscription = replies.subscribe({
        next: answer => answers.push(answer),
        error: (error: unknown) => {
          this.#remember(error instanceof Error ? error.message : String(error));
          end('failed');
        },
        complete: () => end(judge(answers)),
      });
    });
  }

  #remember(error: string): void {
    const known = this.#errors.has(error) || this.#errors.size < ERRORS_KEPT;
    const name = known ? error : 'other errors';
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1);
  }
}

function outcomeOf(sent: Body, answers: readonly unknown[]): Outcome {
  if (answers.length === 0) return 'failed';
  if (!answers.every(answer => isSame(sent, answer))) return 'wrong';
  return answers.length === 1 ? 'answered' : 'repeated';
}
