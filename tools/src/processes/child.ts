import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Peer, type Questions } from './peer.js';

/** How much of a child's last output is kept, to explain why it died. */
const OUTPUT_TAIL = 2_000;

/** How long a child may take to end when asked. */
const EXIT_MS = 5_000;

/** How long it may take to end in order, all of its work done. */
const TERMINATION_MS = 30_000;

export interface ChildOptions {
  /** Node's own options. Default: those of this process. */
  execArgv?: readonly string[];
  /** Given all that it prints. */
  onOutput?: (chunk: Buffer) => void;
}

/** A Node process of its own, and the questions to and from it. */
export class Child<Theirs extends Questions & { exit(): void }, Ours extends Questions = {}> {
  readonly #process: ChildProcess;
  readonly #peer: Peer<Theirs, Ours>;
  #output = '';

  /** Runs a file: `new URL('./server-process.js', import.meta.url)`. */
  constructor(file: URL, answers: Ours, options: ChildOptions = {}) {
    const { execArgv = process.execArgv, onOutput } = options;
    this.#process = fork(file, {
      execArgv: [...execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1', NODE_NO_WARNINGS: '1' },
    });
    this.#peer = new Peer(this.#process, answers);
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        onOutput?.(chunk);
        this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_TAIL);
      });
    this.#process.on('error', error => this.#peer.end(error));
    this.#process.on('exit', code =>
      this.#peer.end(new Error(`The process ended with ${code}: ${this.output || 'no output'}`)),
    );
  }

  /** What the process last printed. */
  get output(): string {
    return this.#output.trim();
  }

  /** Whether it has ended, however that came. */
  get gone(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Stops the process as it is, as a machine does that hangs: nothing in it runs until `resume`. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Rejects, and ends the process, when the answer takes longer than the limit. */
  async ask<K extends keyof Theirs & string>(name: K, parameter: Parameters<Theirs[K]>[0], limitMs: number) {
    const timer = setTimeout(() => {
      this.#peer.end(new Error(`No end after ${limitMs / 1_000} s. ${this.output}`.trim()));
      this.#process.kill('SIGKILL');
    }, limitMs);
    try {
      return await this.#peer.ask(name, parameter);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.gone) return;
    const exited = once(this.#process, 'exit');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), EXIT_MS);
    this.#peer.ask('exit', undefined).catch(() => {}); // It may be gone before it answers.
    await exited;
    clearTimeout(timer);
  }

  /**
   * Ends it in order, as an orchestrator does; rejects where it does not end well.
   * @param withinMs after it the process is killed; half a minute by default
   */
  async terminate(withinMs = TERMINATION_MS): Promise<void> {
    const ended = await this.#endBy('SIGTERM', withinMs);
    if (ended !== 0) throw new Error(`A process ended with ${ended} on SIGTERM. ${this.output}`.trim());
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#endBy('SIGKILL');
  }

  /** Resolves with the exit code, or with the signal that ended it. */
  async #endBy(signal: NodeJS.Signals, withinMs = TERMINATION_MS): Promise<number | NodeJS.Signals | null> {
    if (!this.gone) {
      const exited = once(this.#process, 'exit');
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), withinMs);
      this.#process.kill(signal);
      await exited;
      clearTimeout(timer);
    }
    return this.#process.exitCode ?? this.#process.signalCode;
  }
}
