/**
 * Calls `late` after `ms`, once what has arrived by then was read. A process that was busy or stopped until now finds
 * its timers due before it comes to its sockets: what waits there is not late. As a timer, what is returned cancels it
 * only while the time is not up.
 */
export function afterReading(late: () => void, ms: number): NodeJS.Timeout {
  return setTimeout(() => setImmediate(late), ms);
}

/** Settles as `work` does, or rejects with `onLate()` after `ms`. The work itself goes on; a late failure is dropped. */
export function within<T>(work: Promise<T>, ms: number, onLate: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = afterReading(() => reject(onLate()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Waits `ms`, or until the signal aborts. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise<void>(resolve => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
