import { setTimeout as delay } from 'node:timers/promises';
import { DriverError } from '../drivers/driver.js';
import { backoffMs } from '../link/backoff.js';

/** How long a question is asked again, in ms: as long as electing a leader or a coordinator takes. */
const PATIENCE_MS = 10_000;

/** Asks again, for 10 s, where what keeps the answer away may pass: a partition or a group without a leader. */
export async function patiently<T>(
  ask: () => Promise<T>,
  { patienceMs = PATIENCE_MS, signal }: { patienceMs?: number; signal?: AbortSignal } = {},
): Promise<T> {
  const until = performance.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const mayPass = error instanceof DriverError && (error.kind === 'retriable' || error.kind === 'stale');
      const waitMs = backoffMs(attempt);
      if (!mayPass || performance.now() + waitMs > until) throw error;
      await delay(waitMs, undefined, { signal });
    }
  }
}
