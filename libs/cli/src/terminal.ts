/** Where a command reads its surroundings from and writes to: the process's, or a test's. */
export interface Terminal {
  /** What was asked for, and nothing else: a program may read it. */
  out(text: string): void;
  /** What people are told beside it. */
  err(text: string): void;
  /** Whether a person watches `err`: progress is shown to nobody else. */
  readonly watched: boolean;
  /** Whether what goes to `out` may be coloured. */
  readonly colours: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Aborts at Ctrl-C: the command ends in order. */
  readonly signal: AbortSignal;
}

/** The process's own. A second Ctrl-C ends the process at once. */
export function processTerminal(): Terminal {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption.abort());
  return {
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    watched: process.stderr.isTTY,
    colours: process.stdout.isTTY && !process.env['NO_COLOR'],
    env: process.env,
    now: () => new Date(),
    signal: interruption.signal,
  };
}
