import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import { type Bench, type Memory, type Scenario, usedBetween } from '../scenario.js';

const ITEMS = 1_000_000;
const PER_SECOND = 20_000;
/** Taken before memory is first read, at the same pace. */
const WARM_UP_ITEMS = 60_000;
const SAMPLE_MS = 500;
const LIMIT_MS = 56_000;

/** One stream of a million items for a reader who takes 20,000 a second: what waits must not pile up anywhere. */
export const scenario: Scenario = {
  async run(bench) {
    const client = await bench.connect();
    if (!client.pull) throw new Error('This system has no streams that are pulled.');
    let first: Memory | undefined;
    const most: Memory = { serverMb: 0, clientMb: 0 };
    const start = await bench.usage();
    const from = clock();
    let sampledAt = from;
    let items = 0;
    for await (const _ of client.pull(ITEMS)) {
      items += 1;
      if (items % 100 !== 0) continue;
      const now = clock();
      if (now - from > LIMIT_MS) break;
      if (items >= WARM_UP_ITEMS && now - sampledAt > SAMPLE_MS) {
        sampledAt = now;
        const memory = await read(bench, most);
        first ??= memory;
      }
      const early = from + (items * 1_000) / PER_SECOND - clock();
      if (early > 1) await sleep(early);
    }
    const ms = clock() - from;
    const { serverMb, clientMb } = first ?? (await read(bench, most));
    const serverGrowthMb = most.serverMb - serverMb;
    const clientGrowthMb = most.clientMb - clientMb;
    const grew = `memory grew by ${serverGrowthMb.toFixed(0)} MB at the server, ${clientGrowthMb.toFixed(0)} MB at the client`;
    return {
      itemsPerSecond: (items * 1_000) / ms,
      serverGrowthMb,
      clientGrowthMb,
      ...usedBetween(start, await bench.usage()),
      note: items === ITEMS ? grew : `${grew}; ${items} of ${ITEMS} items within ${LIMIT_MS / 1_000} s`,
    };
  },
};

async function read(bench: Bench, most: Memory): Promise<Memory> {
  const memory = await bench.memory();
  most.serverMb = Math.max(most.serverMb, memory.serverMb);
  most.clientMb = Math.max(most.clientMb, memory.clientMb);
  return memory;
}
