import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import { type Fault, nameOf, type PlannedFault } from './fault.js';

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

/** Lets the planned faults happen; resolves with them once all are over. Rejects where one could not be done. */
export async function storm(
  planned: readonly PlannedFault[],
  arena: Arena,
  log: (line: string) => void,
): Promise<PastFault[]> {
  const past = planned.map(async (fault): Promise<PastFault> => {
    await sleep(fault.at);
    const name = nameOf(fault);
    const from = clock();
    log(name);
    try {
      const end = await arena.begin(fault);
      if (fault.forMs > 0) await sleep(fault.forMs);
      await end();
    } catch (error) {
      throw new Error(`The fault could not be done: ${name}`, { cause: error });
    }
    if (fault.forMs > 0) log(`  over: ${name}`);
    return { name, from, until: clock() };
  });
  const results = await Promise.allSettled(past);
  const failed = results.find(result => result.status === 'rejected');
  if (failed) throw failed.reason as Error;
  return Promise.all(past);
}
