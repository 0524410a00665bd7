import type { ReplySink } from '../server/calls/reply-source.js';

/** The reply to a record that asks for none: what comes is dropped, and settled when it ends. */
export class Unanswered implements ReplySink {
  ended = false;

  constructor(private readonly onSettled: () => void) {}

  push(): boolean {
    return !this.ended;
  }

  hasRoom(): boolean {
    return true;
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  complete(): void {
    this.end();
  }

  fail(): void {
    this.end();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.onSettled();
  }
}
