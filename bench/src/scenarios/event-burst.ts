import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import { type Body, body } from '../body.js';
import { type Bench, type Figures, usedFor } from '../scenario.js';

const EVENTS = 100_000;
const LIMIT_MS = 20_000;
const WARM_UP_EVENTS = 2_000;
const POLL_MS = 50;

type Emit = (body: Body) => Promise<unknown>;

/** 100,000 events, so many callers' at a time on their way to the system, until all are handled or 20 s are over. */
export async function eventBurst(bench: Bench, emit: Emit): Promise<Figures> {
  const warm = await burst(bench, emit, { first: 0, events: WARM_UP_EVENTS });
  const start = await bench.usage();
  const { handled, ms, disordered } = await burst(bench, emit, {
    first: WARM_UP_EVENTS,
    events: EVENTS,
    before: warm.total,
  });
  const end = await bench.usage();
  if (handled === 0) throw new Error(`No event was handled within ${ms.toFixed(0)} ms.`);
  const notes = [
    handled < EVENTS ? `${handled} of ${EVENTS} events within ${LIMIT_MS / 1_000} s` : '',
    disordered > 0 ? `${disordered} out of the order of their keys` : '',
  ].filter(Boolean);
  return {
    itemsPerSecond: (handled * 1_000) / ms,
    ...usedFor(handled, start, end),
    ...(notes.length > 0 && { note: notes.join(', ') }),
  };
}

interface Burst {
  /** The number of the first event. */
  first: number;
  events: number;
  /** How many were handled before. */
  before?: number;
}

/** Emits so many events and waits for them to be handled, or for the time to be over. */
async function burst(bench: Bench, emit: Emit, { first, events, before = 0 }: Burst) {
  const from = clock();
  const until = from + LIMIT_MS;
  const end = first + events;
  let next = first;
  const emitter = async (): Promise<void> => {
    while (next < end && clock() < until) await emit(body(next++));
  };
  let emitting = true;
  const emitted = Promise.all(Array.from({ length: bench.concurrency }, emitter)).finally(
    () => (emitting = false),
  );
  emitted.catch(() => {}); // Awaited below, once the time for it has come.

  for (;;) {
    if (!emitting) await emitted;
    const { count, lastAt, disordered } = await bench.handled();
    const so = { total: count, handled: count - before, disordered };
    if (so.handled >= events) return { ...so, ms: lastAt - from };
    if (clock() >= until) return { ...so, ms: LIMIT_MS };
    await sleep(POLL_MS);
  }
}
