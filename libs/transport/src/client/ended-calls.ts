import type { FrameRouter } from '../link/frame-router.js';
import type { AcceptFrame, ServerFrame } from '../wire/frame.js';

/** Calls remembered at most; beyond it the oldest is forgotten, and its server is left to find out by itself. */
const MAX_REMEMBERED = 10_000;

/**
 * Calls that ended before their server was known. Should one be accepted after all, its server is told to stop:
 * otherwise it would work for nobody.
 */
export class EndedCalls {
  private readonly forget = new Map<string, () => void>();

  constructor(private readonly router: FrameRouter) {}

  /** Waits for the call's accept for at most `forMs`. */
  remember(callId: string, forMs: number, onAccepted: (frame: AcceptFrame) => void): void {
    if (this.forget.size >= MAX_REMEMBERED) this.forget.values().next().value?.();
    const timer = setTimeout(() => this.forget.get(callId)?.(), forMs);
    timer.unref();
    this.forget.set(callId, () => {
      clearTimeout(timer);
      this.forget.delete(callId);
      this.router.removeEnded(callId);
    });
    this.router.addEnded(callId, {
      receive: (frame: ServerFrame) => {
        if (frame.kind === 'accept') onAccepted(frame);
        if (frame.kind !== 'next') this.forget.get(callId)?.();
      },
      abandon: () => this.forget.get(callId)?.(),
    });
  }
}
