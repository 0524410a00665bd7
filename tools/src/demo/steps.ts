import { once } from 'node:events';
import { styleText } from 'node:util';

export interface StepsOptions {
  print: (line: string) => void;
  /** Ends the step under way, and every later one, with its reason. */
  signal: AbortSignal;
  /** Milliseconds, from any start. */
  now?: () => number;
}

/** Thrown in place of what made a step fail, once that has been printed. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** Runs a scenario step by step, and prints what each came to and how long it took. */
export class Steps {
  private done = 0;
  private readonly now: () => number;
  private readonly startedAt: number;

  constructor(private readonly options: StepsOptions) {
    this.now = options.now ?? (() => performance.now());
    this.startedAt = this.now();
  }

  heading(title: string): void {
    this.options.print(`\n${styleText('bold', title)}`);
  }

  /** Resolves to what `run` resolves to. Rejects with StepFailed when that rejects or the signal aborts. */
  async step<T>(title: string, run: () => T | Promise<T>): Promise<T> {
    const { print, signal } = this.options;
    const startedAt = this.now();
    const took = (): string => styleText('dim', duration(this.now() - startedAt));
    try {
      const result = await unlessAborted(signal, run);
      this.done++;
      print(`  ${styleText('green', '✔')} ${title} ${took()}`);
      return result;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      print(`  ${styleText('red', '✖')} ${title} ${took()}`);
      print(`    ${reason.replaceAll('\n', '\n    ')}`);
      throw new StepFailed(`${title}: ${reason}`, { cause });
    }
  }

  /** One line on the steps so far. */
  summary(): string {
    return `${this.done} steps did what they should, in ${duration(this.now() - this.startedAt)}.`;
  }
}

async function unlessAborted<T>(signal: AbortSignal, run: () => T | Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const settled = new AbortController();
  const aborted = once(signal, 'abort', { signal: settled.signal }).then(() => {
    throw signal.reason;
  });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    aborted.catch(() => undefined);
    settled.abort();
  }
}

/** `12 ms`, `3.4 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
