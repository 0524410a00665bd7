/** What runs now, on one line that is written over; without a terminal, nothing. */
export class Progress {
  readonly #from = Date.now();
  readonly #timer: NodeJS.Timeout;
  #now = '';
  #done = 0;

  constructor(
    private readonly total: number,
    private readonly terminal = process.stderr,
  ) {
    this.#timer = setInterval(() => this.#draw(), 500);
  }

  /** Says what runs now. */
  at(what: string): void {
    this.#now = what;
    this.#draw();
  }

  /** Prints a line that stays. */
  done(line: string): void {
    this.#done += 1;
    this.#clear();
    console.log(line);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #draw(): void {
    if (!this.terminal.isTTY) return;
    const seconds = Math.round((Date.now() - this.#from) / 1_000);
    this.#clear();
    this.terminal.write(`[${this.#done}/${this.total}] ${this.#now} · ${seconds} s`);
  }

  #clear(): void {
    if (!this.terminal.isTTY) return;
    this.terminal.cursorTo(0);
    this.terminal.clearLine(1);
  }
}
