import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Bytes that this process holds once what nobody needs is gone. Memory outside of the heap is given back in the
 * background after its buffers were collected, and counted off by the next collection.
 */
export async function bytesInUse(): Promise<number> {
  for (let passes = 0; passes < 3; passes += 1) {
    collectGarbage();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
