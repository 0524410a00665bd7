import { fork, type ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { fileURLToPath } from 'node:url';

/** How long a process may take to say what is waited for, in ms. */
const SAYS_WITHIN_MS = 20_000;

/** A process of its own, running a file of test/processes against what was built. It is there to be killed. */
export class Child {
  private readonly process: ChildProcess;

  constructor(file: string, options: object, ...args: string[]) {
    const path = fileURLToPath(new URL(`../processes/${file}`, import.meta.url));
    // Without the runner's own arguments.
    this.process = fork(path, [JSON.stringify(options), ...args], { execArgv: [] });
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

  /** With -9: it gets no chance to say anything. */
  kill(): void {
    this.process.kill('SIGKILL');
  }
}
