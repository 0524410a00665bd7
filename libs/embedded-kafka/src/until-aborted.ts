/**
 * Waits for something that a closed connection may cut short. `start` sets it going and returns what undoes
 * that; it is undone once `done` or `failed` is called or `signal` aborts. Undefined after an abort.
 */
export function untilAborted<T>(
  signal: AbortSignal,
  start: (done: (value: T) => void, failed: (reason: unknown) => void) => () => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let undo = () => {};
    const finish = () => {
      signal.removeEventListener('abort', aborted);
      undo();
    };
    const aborted = () => {
      finish();
      resolve(undefined);
    };
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener('abort', aborted);
    undo = start(
      value => {
        finish();
        resolve(value);
      },
      reason => {
        finish();
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it was thrown
        reject(reason);
      },
    );
  });
}
