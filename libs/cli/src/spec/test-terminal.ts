import type { Terminal } from '../terminal.js';

/** A terminal that keeps what it is told. */
export class TestTerminal implements Terminal {
  stdout = '';
  stderr = '';
  watched = false;
  colours = false;
  readonly signal = new AbortController().signal;
  readonly now = () => new Date('2026-11-21T12:00:00.000Z');

  constructor(readonly env: Terminal['env'] = {}) {}

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }
}
