import type { DriverEvents } from './driver.js';
import { asError } from './errors.js';

export interface FailureReportOptions {
  /** What failed: "group a". */
  where: string;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
  /** Nothing is told once this has aborted. */
  signal: AbortSignal;
}

/** Tells of failures that no caller is waiting for. */
export class FailureReport {
  private last: string | undefined;

  constructor(private readonly options: FailureReportOptions) {}

  readonly tell = (error: unknown): void => {
    const { where, emit, signal } = this.options;
    if (!signal.aborted) emit('error', { error: asError(error), where });
  };

  /** Tells it unless it is what failed the last time: a broker that is down is told of once, not at each try. */
  readonly tellOnce = (error: unknown): void => {
    const { message } = asError(error);
    if (message === this.last) return;
    this.last = message;
    this.tell(error);
  };

  /** It works again: what fails from here on is told, whatever it is. */
  clear(): void {
    this.last = undefined;
  }

  /** Calls back, and tells of what is thrown. Does nothing once it is over. */
  shield(callback: () => void): void {
    if (this.options.signal.aborted) return;
    try {
      callback();
    } catch (error) {
      this.tell(error);
    }
  }
}
