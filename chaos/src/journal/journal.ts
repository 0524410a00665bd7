import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Entry } from './entry.js';

/** What one process saw, in the order in which it saw it. */
export interface Journal {
  /** Such as `caller-2.3`: the third process in the place of the second caller. */
  process: string;
  entries: readonly Entry[];
  /** When it was killed, in ms of the machine's clock; undefined for one that was not. */
  killedAt?: number;
}

/** Where a process writes down what it sees. */
export interface Notebook {
  write(entry: Entry): void;
}

/** Keeps what is written in memory. */
export class MemoryNotebook implements Notebook {
  readonly entries: Entry[] = [];

  write(entry: Entry): void {
    this.entries.push(entry);
  }
}

/** Writes a line of JSON at once, so that it outlives a process that is killed right after. */
export class FileNotebook implements Notebook {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What a FileNotebook has written; a last line that its process did not finish is left out. */
export function readEntries(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop(); // What follows the last line's end: nothing, or a part of a line.
  return lines.map(line => JSON.parse(line) as Entry);
}
