import type { DriverEvents } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import { pause } from '../timing/deadline.js';

export interface PresenceOptions {
  /** Asks the cluster anything; rejects where no broker answers. */
  ask(): Promise<unknown>;
  emit<K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]): void;
}

/** Tells `disconnected` and `connected`, each once per change. Asks only after something went wrong. */
export class Presence {
  private present = true;
  private checking = false;
  private readonly stopping = new AbortController();

  constructor(private readonly options: PresenceOptions) {}

  /** Finds out, in the background, whether the cluster still answers; keeps asking until it does. */
  doubt(): void {
    if (this.checking || this.stopping.signal.aborted) return;
    this.checking = true;
    void this.check().finally(() => (this.checking = false));
  }

  close(): void {
    this.stopping.abort();
  }

  private async check(): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff(100, 2_000);
    while (!signal.aborted) {
      try {
        await this.options.ask();
        this.become(true);
        return;
      } catch (error) {
        this.become(false, error instanceof Error ? error : new Error(String(error)));
        await pause(backoff.take(), signal);
      }
    }
  }

  private become(present: boolean, error = new Error('No broker answers')): void {
    if (this.present === present || this.stopping.signal.aborted) return;
    this.present = present;
    if (present) this.options.emit('connected', undefined);
    else this.options.emit('disconnected', { error });
  }
}
