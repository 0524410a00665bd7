import { type Observable, timer } from 'rxjs';
import { takeUntil } from 'rxjs/operators';
import { clock } from '@parley/tools/processes';
import { type Scenario, usedBetween } from '../scenario.js';

const ITEMS = 100_000;
const LIMIT_MS = 20_000;
const WARM_UP_ITEMS = 5_000;
const WARM_UP_MS = 8_000;

/** One call, answered by 100,000 items of 100 bytes. */
export const scenario: Scenario = {
  async run(bench) {
    const client = await bench.connect();
    if (!client.stream) throw new Error('This system has no streams.');
    await count(client.stream(WARM_UP_ITEMS), WARM_UP_MS);

    const start = await bench.usage();
    const { items, ms, complete } = await count(client.stream(ITEMS), LIMIT_MS);
    const end = await bench.usage();
    if (items === 0) throw new Error(`No item arrived within ${ms.toFixed(0)} ms.`);
    if (complete && items !== ITEMS) throw new Error(`The stream ended after ${items} of ${ITEMS} items.`);
    return {
      itemsPerSecond: (items * 1_000) / ms,
      ...usedBetween(start, end),
      ...(!complete && { note: `${items} of ${ITEMS} items within ${LIMIT_MS / 1_000} s` }),
    };
  },
};

/** Counts the items until the stream completes or the time is over; rejects when it fails. */
function count(stream: Observable<unknown>, limitMs: number) {
  return new Promise<{ items: number; ms: number; complete: boolean }>((resolve, reject) => {
    const from = clock();
    let items = 0;
    let inTime = true;
    const limit = timer(limitMs);
    limit.subscribe(() => (inTime = false));
    stream.pipe(takeUntil(limit)).subscribe({
      // Nest's built-in ends some streams with a null of its own.
      next: item => (items += item === null ? 0 : 1),
      error: reject,
      complete: () => resolve({ items, ms: clock() - from, complete: inTime }),
    });
  });
}
