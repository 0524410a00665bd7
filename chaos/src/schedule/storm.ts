import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import { type Fault, nameOf, placeOf, type PlannedFault } from './fault.js';

/** Where faults happen. */
export interface Arena {
  /** Lets it happen; resolves with what ends it. */
  begin(fault: Fault): Promise<() => Promise<void> | void>;
}

/** A fault that happened: when it began and when it was over, in ms of the machine's clock. */
export interface PastFault {
  name: string;
  from: number;
  until: number;
}

/**
 * Lets the planned faults happen; resolves with them once all are over. To end one may take longer than was planned,
 * such as to start a broker: what is to befall the same place waits for that. Rejects where one could not be done, and
 * where the signal aborts, once nothing is on the way any more: what lasts then is not ended.
 */
export async function storm(
  planned: readonly PlannedFault[],
  arena: Arena,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<PastFault[]> {
  const past = new Map<string, Promise<PastFault>>();
  const over = AbortSignal.any(signal ? [signal] : []);
  setMaxListeners(0, over); // Every fault waits for its time.
  const all = planned.map(fault => {
    const before = past.get(placeOf(fault));
    const happens = sleep(fault.at, undefined, { signal: over })
      .then(() => before)
      .then(() => befall(fault, arena, log, over));
    past.set(placeOf(fault), happens);
    return happens;
  });
  await Promise.allSettled(all);
  over.throwIfAborted();
  return Promise.all(all);
}

async function befall(
  fault: Fault,
  arena: Arena,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<PastFault> {
  signal.throwIfAborted();
  const name = nameOf(fault);
  try {
    const from = clock();
    log(name);
    const end = await arena.begin(fault);
    if (fault.forMs > 0) await sleep(fault.forMs, undefined, { signal });
    await end();
    if (fault.forMs > 0) log(`  over: ${name}`);
    return { name, from, until: clock() };
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`The fault could not be done: ${name}`, { cause: error });
  }
}
