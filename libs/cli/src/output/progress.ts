import type { Terminal } from '../terminal.js';

/** How often the line is written anew, in ms. */
const EVERY_MS = 100;
const CLEAR_LINE = '\r\u001b[K';

/** One line that says how far a long command is, for a person who watches; nothing where nobody does. */
export class Progress {
  private shownAt = -Infinity;
  private shown = false;

  constructor(
    private readonly terminal: Pick<Terminal, 'err' | 'watched'>,
    private readonly monotonic: () => number = () => performance.now(),
  ) {}

  show(text: string): void {
    if (!this.terminal.watched || this.monotonic() - this.shownAt < EVERY_MS) return;
    this.shownAt = this.monotonic();
    this.shown = true;
    this.terminal.err(`${CLEAR_LINE}${text}`);
  }

  /** Takes the line away, so that what follows begins a line. */
  end(): void {
    if (this.shown) this.terminal.err(CLEAR_LINE);
    this.shown = false;
  }
}
