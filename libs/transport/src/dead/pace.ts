import { setTimeout as delay } from 'node:timers/promises';

/** Gives out turns, evenly, so many a second at most; a turn that was not taken is not made up for. */
export class Pace {
  private next = 0;

  constructor(
    private readonly perSecond: number | undefined,
    private readonly now: () => number = () => performance.now(),
    private readonly wait: (ms: number, signal?: AbortSignal) => Promise<void> = pause,
  ) {}

  /** Resolves at the next turn. Rejects where the signal aborts before it. */
  async turn(signal?: AbortSignal): Promise<void> {
    if (this.perSecond === undefined) return;
    const now = this.now();
    const at = Math.max(now, this.next);
    this.next = at + 1000 / this.perSecond;
    if (at > now) await this.wait(at - now, signal);
  }
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
