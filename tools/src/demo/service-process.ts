import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ServiceProcessOptions {
  name: string;
  port: number;
  env: Record<string, string>;
  /** Hears each line the service prints. */
  onLine?: (line: string) => void;
}

/** How long a stopping service may take to finish what it runs: longer than Parley lets it drain. */
const STOP_TIMEOUT_MS = 15_000;
const READY_TIMEOUT_MS = 60_000;
const PROBE_INTERVAL_MS = 100;
const PROBE_TIMEOUT_MS = 2_000;
const LINES_KEPT = 20;

const TETHER = new URL('./tether.js', import.meta.url).href;
const APPS = new URL('../../../apps/', import.meta.url);

/** One service of the sample as a process of its own, that can be killed and started again on the same port. */
export class ServiceProcess {
  readonly name: string;
  readonly url: string;
  private child: ChildProcess | undefined;
  private lines: string[] = [];

  constructor(private readonly options: ServiceProcessOptions) {
    this.name = options.name;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  get pid(): number | undefined {
    return this.isRunning(this.child) ? this.child?.pid : undefined;
  }

  start(): void {
    const { name, port, env, onLine } = this.options;
    const main = fileURLToPath(new URL(`${name}/dist/main.js`, APPS));
    // In a process group of its own: Ctrl-C reaches the demo alone, which then stops everything in order.
    const child = spawn(process.execPath, ['--import', TETHER, main], {
      env: { ...process.env, ...env, PORT: String(port), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.child = child;
    this.lines = [];
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on('line', line => {
        this.lines = [...this.lines, line].slice(-LINES_KEPT);
        onLine?.(line);
      });
    }
  }

  /** Resolves once the service says that it is ready for calls. Rejects when it ends, or takes too long. */
  async ready(): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.answersReady())) {
      if (!this.isRunning(this.child)) throw new Error(`${this.name} ended:\n${this.lines.join('\n')}`);
      if (Date.now() > deadline) throw new Error(`${this.name} did not get ready:\n${this.lines.join('\n')}`);
      await sleep(PROBE_INTERVAL_MS);
    }
  }

  /** Ends the process as a crash does: it gets no chance to finish anything. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Asks the process to end, and ends it when it does not. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.child?.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.end('SIGTERM');
    clearTimeout(timer);
  }

  /** Resolves when the process that runs now has ended, for whatever reason. */
  async ended(): Promise<void> {
    const { child } = this;
    if (child !== undefined && this.isRunning(child)) await once(child, 'exit');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const ended = this.ended();
    this.child?.kill(signal);
    await ended;
  }

  private isRunning(child: ChildProcess | undefined): boolean {
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  private async answersReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/health/ready`, {
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}
