import type { Scenario } from '../scenario.js';
import type { BenchClient } from '../system.js';
import { TRICKLE_MS } from '../system.js';
import { callRate } from './call-rate.js';

const STREAMS = 5_000;
const OPEN_MS = 20_000;

/** Echoed calls of 100 bytes while 5,000 streams are open, each of which gives an item now and then. */
export const scenario: Scenario = {
  async run(bench) {
    const client = await bench.connect();
    const count = await open(client);
    const before = count();
    const figures = await callRate(bench, (caller, body) => caller.unary(body));
    return { ...figures, note: `${count() - before} items of ${STREAMS} streams came meanwhile` };
  },
};

/** Resolves once each stream has given an item, with how many have come in all; rejects with the first that ends. */
function open(client: BenchClient): Promise<() => number> {
  return new Promise((resolve, reject) => {
    if (!client.trickle) throw new Error('This system has no streams without an end.');
    let items = 0;
    let begun = 0;
    const limit = setTimeout(
      () => reject(new Error(`Only ${begun} of ${STREAMS} streams began within ${OPEN_MS} ms.`)),
      OPEN_MS,
    );
    for (let stream = 0; stream < STREAMS; stream++) {
      let first = true;
      client.trickle(TRICKLE_MS).subscribe({
        next: () => {
          items += 1;
          if (!first) return;
          first = false;
          begun += 1;
          if (begun < STREAMS) return;
          clearTimeout(limit);
          resolve(() => items);
        },
        error: reject,
        complete: () => reject(new Error('A stream without an end has ended.')),
      });
    }
  });
}
