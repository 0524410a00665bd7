import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Distribution } from './distribution.js';
import { formatArguments, type NodeAddress, type NodeProperties, nodeProperties } from './node-properties.js';

const JVM_FLAGS = ['-Xms128m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/** How much of a node's last output is kept, to explain why it died. */
const OUTPUT_TAIL = 4_000;

/** One broker's JVM. It dies with this process, whatever ends this one: its stdin ends then. */
export class KafkaNode {
  #process: ChildProcess | undefined;
  #output = '';

  constructor(
    readonly address: NodeAddress,
    private readonly nodes: readonly NodeAddress[],
    private readonly clusterId: string,
    private readonly distribution: Distribution,
    private readonly properties: NodeProperties,
  ) {}

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** What the node last printed. */
  get output(): string {
    return this.#output.trim();
  }

  /** Resolves once the JVM was spawned; it answers later. Does nothing where it runs already. */
  async start(): Promise<void> {
    if (this.#process) return;
    const file = join(this.address.dataDir, '..', 'server.properties');
    await writeFile(file, nodeProperties(this.address, this.nodes, this.properties));
    const child = spawn(
      'java',
      [
        ...JVM_FLAGS,
        `-Dlog4j2.configurationFile=${this.distribution.log4jFile}`,
        '-cp',
        this.distribution.classpath,
        'KafkaNode',
        file,
        this.clusterId,
        ...formatArguments(this.nodes),
      ],
      // In a process group of its own: Ctrl-C reaches this process, which then ends its nodes in order.
      { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
    );
    this.#process = child;
    this.#output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_TAIL);
      });
    child.stdin.on('error', () => {}); // The node died first; its exit tells.
    child.on('exit', () => (this.#process = undefined));
    await once(child, 'spawn');
  }

  /** Ends the node at once, as a crash of its machine would. Its data stays for another `start`. */
  async kill(): Promise<void> {
    await this.#end(child => child.kill('SIGKILL'));
  }

  /** Ends the node and removes its data. */
  async close(): Promise<void> {
    await this.#end(child => child.stdin?.end());
  }

  async #end(how: (child: ChildProcess) => void): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const exited = once(child, 'exit');
    how(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
  }
}
