import { fork, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How long a process may take to say what is waited for, in ms. */
const SAYS_WITHIN_MS = 20_000;

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of its own, running a file of test/processes against what was built. It is there to be killed. */
export class Child {
  /** All that it has said so far. */
  readonly said: unknown[] = [];
  /** Resolves when it has ended. */
  readonly exit: Promise<Exit>;
  private readonly process: ChildProcess;

  constructor(file: string, options: object, ...args: string[]) {
    const path = fileURLToPath(new URL(`../processes/${file}`, import.meta.url));
    // Without the runner's own arguments.
    this.process = fork(path, [JSON.stringify(options), ...args], { execArgv: [] });
    this.process.on('message', message => this.said.push(message));
    this.exit = once(this.process, 'exit').then(([code, signal]) => ({ code, signal }));
  }

  /** Resolves once the process has said this. */
  async says(expected: unknown): Promise<void> {
    for await (const [message] of on(this.process, 'message', {
      signal: AbortSignal.timeout(SAYS_WITHIN_MS),
    })) {
      if (message === expected) return;
      if (String(message).startsWith('failed')) throw new Error(`the process says ${String(message)}`);
    }
  }

  /** As an orchestrator asks it to end. Resolves with how it did, and in how many ms. */
  async terminate(): Promise<Exit & { ms: number }> {
    const from = performance.now();
    this.process.kill('SIGTERM');
    const { code, signal } = await this.exit;
    return { code, signal, ms: performance.now() - from };
  }

  /** What the process says next, whatever it is. */
  async next<T>(): Promise<T> {
    const [message] = await once(this.process, 'message', { signal: AbortSignal.timeout(SAYS_WITHIN_MS) });
    return message as T;
  }

  tell(message: object): void {
    this.process.send(message);
  }

  /** Nothing in it runs until `resume`; its connections stay open. */
  pause(): void {
    this.process.kill('SIGSTOP');
  }

  resume(): void {
    this.process.kill('SIGCONT');
  }

  /** With -9: it gets no chance to say anything. */
  kill(): void {
    this.process.kill('SIGKILL');
  }
}
