import { clock } from '@parley/tools/processes';
import { body, isSame } from '../body.js';
import { type Scenario, usedBetween } from '../scenario.js';
import type { BenchClient } from '../system.js';

const ITEMS = 1_000;
const WARM_UP_STREAMS = 20;
const WARM_UP_MS = 8_000;
const LIMIT_MS = 40_000;

/** So many streams at a time, each of 1,000 items of 100 bytes: what is not there, and in its place, is lost. */
export const scenario: Scenario = {
  async run(bench) {
    const client = await bench.connect();
    await receive(client, WARM_UP_STREAMS, WARM_UP_MS);
    const start = await bench.usage();
    const { items, ms, complete, lost } = await receive(client, bench.concurrency, LIMIT_MS);
    const end = await bench.usage();
    return {
      itemsPerSecond: (items * 1_000) / ms,
      lost,
      ...usedBetween(start, end),
      note: complete
        ? `${lost} lost`
        : `${lost} lost or late: ${items} of ${bench.concurrency * ITEMS} within ${LIMIT_MS / 1_000} s`,
    };
  },
};

/** Resolves when all streams have ended, or after `limitMs`; rejects with the first that fails. */
function receive(client: BenchClient, streams: number, limitMs: number) {
  return new Promise<{ items: number; ms: number; complete: boolean; lost: number }>((resolve, reject) => {
    if (!client.stream) throw new Error('This system has no streams.');
    const from = clock();
    let items = 0;
    let open = streams;
    const end = (): void => {
      clearTimeout(limit);
      resolve({ items, ms: clock() - from, complete: open === 0, lost: streams * ITEMS - items });
    };
    const limit = setTimeout(end, limitMs);
    for (let stream = 0; stream < streams; stream++) {
      let next = 0;
      client.stream(ITEMS).subscribe({
        next: item => {
          if (isSame(body(next), item)) items += 1;
          next += 1;
        },
        error: reject,
        complete: () => {
          open -= 1;
          if (open === 0) end();
        },
      });
    }
  });
}
