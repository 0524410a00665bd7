import type { LoopHealth } from '@parley/transport';

/** How often loops are looked at, in ms. */
export const LOOK_EVERY_MS = 1000;

interface Seen {
  turns: number;
  /** Looks in a row that found it where it was. */
  looks: number;
}

/**
 * Notices loops that turn no more. It counts its own looks, not the time: while the process is stopped, or its event loop
 * hangs, it does not look, so that nothing is taken for stuck that had no chance to move.
 */
export class LoopWatch {
  private seen = new Map<string, Seen>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly loops: () => readonly LoopHealth[]) {}

  start(): void {
    this.timer ??= setInterval(() => this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  look(): void {
    const seen = new Map<string, Seen>();
    for (const { name, turns, idle } of this.loops()) {
      const before = this.seen.get(name);
      const stood = !idle && before?.turns === turns;
      seen.set(name, { turns, looks: stood ? before.looks + 1 : 0 });
    }
    this.seen = seen;
  }

  /** The loops that have not turned for so long, of those that should, and for how long, in ms. */
  stuck(afterMs: number): { name: string; forMs: number }[] {
    const stuck: { name: string; forMs: number }[] = [];
    for (const [name, { looks }] of this.seen) {
      const forMs = looks * LOOK_EVERY_MS;
      if (forMs >= afterMs) stuck.push({ name, forMs });
    }
    return stuck;
  }
}
