import { setTimeout as sleep } from 'node:timers/promises';
import { body } from '../body.js';
import { clock } from '../clock.js';
import { type Bench, type Scenario, usedBetween } from '../scenario.js';
import type { BenchClient } from '../system.js';

const EVENTS = 100_000;
const LIMIT_MS = 20_000;
const WARM_UP_EVENTS = 2_000;
const POLL_MS = 50;

/** 100,000 events, 1,000 of them on their way to the system at a time, until all are handled. */
export const scenario: Scenario = {
  async run(bench) {
    const client = await bench.connect();
    const warm = await burst(bench, client, WARM_UP_EVENTS);
    const start = await bench.usage();
    const { handled, ms } = await burst(bench, client, EVENTS, warm.total);
    const end = await bench.usage();
    if (handled === 0) throw new Error(`No event was handled within ${ms.toFixed(0)} ms.`);
    return {
      itemsPerSecond: (handled * 1_000) / ms,
      ...usedBetween(start, end),
      ...(handled < EVENTS && { note: `${handled} of ${EVENTS} events within ${LIMIT_MS / 1_000} s` }),
    };
  },
};

/** Emits so many events and waits for them to be handled, or for the time to be over. */
async function burst(bench: Bench, client: BenchClient, events: number, before = 0) {
  const { emit } = client;
  if (!emit) throw new Error('This system has no events.');
  const from = clock();
  const until = from + LIMIT_MS;
  let next = 0;
  const emitter = async (): Promise<void> => {
    while (next < events && clock() < until) await emit(body(next++));
  };
  let emitting = true;
  const emitted = Promise.all(Array.from({ length: bench.concurrency }, emitter)).finally(
    () => (emitting = false),
  );
  emitted.catch(() => {}); // Awaited below, once the time for it has come.

  for (;;) {
    if (!emitting) await emitted;
    const { count, lastAt } = await bench.handled();
    if (count - before >= events) return { total: count, handled: count - before, ms: lastAt - from };
    if (clock() >= until) return { total: count, handled: count - before, ms: LIMIT_MS };
    await sleep(POLL_MS);
  }
}
