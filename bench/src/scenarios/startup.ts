import { clock } from '@parley/tools/processes';
import { body } from '../body.js';
import { type Scenario, usedBetween } from '../scenario.js';

const STARTS = 5;
const LIMIT_MS = 20_000;

/** From the making of a client to its first answer, five times: p50Ms is the median, p99Ms the longest. */
export const scenario: Scenario = {
  async run(bench) {
    const before = await bench.usage();
    const from = clock();
    const times: number[] = [];
    while (times.length < STARTS && clock() - from < LIMIT_MS) {
      const start = clock();
      const client = await bench.connect();
      await client.unary(body());
      times.push(clock() - start);
      await client.close();
    }
    const after = await bench.usage();
    times.sort((a, b) => a - b);
    return {
      p50Ms: times[Math.floor(times.length / 2)],
      p99Ms: times.at(-1),
      ...usedBetween(before, after),
      ...(times.length < STARTS && { note: `${times.length} of ${STARTS} starts` }),
    };
  },
};
