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
 * such as to start a broker: what is to befall the same place waits for that. Rejects where one could not be done.
 */
export async function storm(
  planned: readonly PlannedFault[],
  arena: Arena,
  log: (line: string) => void,
): Promise<PastFault[]> {
  const past = new Map<string, Promise<PastFault>>();
  const all = planned.map(fault => {
    const before = past.get(placeOf(fault));
    const happens = sleep(fault.at)
      .then(() => before)
      .then(() => befall(fault, arena, log));
    past.set(placeOf(fault), happens);
    return happens;
  });
  await Promise.allSettled(all);
  return Promise.all(all);
}

async function befall(fault: Fault, arena: Arena, log: (line: string) => void): Promise<PastFault> {
  const name = nameOf(fault);
  try {
    const from = clock();
    log(name);
    const end = await arena.begin(fault);
    if (fault.forMs > 0) await sleep(fault.forMs);
    await end();
    if (fault.forMs > 0) log(`  over: ${name}`);
    return { name, from, until: clock() };
  } catch (error) {
    throw new Error(`The fault could not be done: ${name}`, { cause: error });
  }
}
