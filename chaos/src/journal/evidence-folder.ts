import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../outcome.js';
import type { Journal } from './journal.js';

/** Where a run keeps what was seen: each process's journal and output, the faults, the committed offsets. */
export class EvidenceFolder {
  private constructor(readonly path: string) {}

  /** In `.data` of the current folder, which git does not look into. */
  static async make(seed: number): Promise<EvidenceFolder> {
    const path = join(process.cwd(), '.data', `chaos-${seed}-${Date.now()}`);
    await mkdir(path, { recursive: true });
    return new EvidenceFolder(path);
  }

  /** Keeps what no process has written into it itself. */
  async keep({ evidence, faults, beganAt }: Outcome): Promise<void> {
    await writeFile(join(this.path, 'faults.json'), JSON.stringify({ beganAt, faults }, undefined, 2));
    await this.#keepLines('offsets', evidence.offsets);
    for (const { process, entries } of [...evidence.callers, ...evidence.servers] satisfies Journal[])
      if (!existsSync(join(this.path, `${process}.jsonl`))) await this.#keepLines(process, entries);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  async #keepLines(name: string, lines: readonly object[]): Promise<void> {
    await writeFile(
      join(this.path, `${name}.jsonl`),
      lines.map(line => `${JSON.stringify(line)}\n`).join(''),
    );
  }
}
