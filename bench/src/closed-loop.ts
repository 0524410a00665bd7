import { setTimeout as sleep } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import { clock } from '@parley/tools/processes';
import { type Body, body, isSame } from './body.js';

export interface LoopOptions<Reading> {
  /** Callers side by side; each makes its next call when its last was answered. */
  callers: number;
  warmUpMs: number;
  countedMs: number;
  /** Taken when counting starts and when it ends. */
  read: () => Promise<Reading>;
}

export interface LoopResult<Reading> {
  /** Calls answered within the counted time. */
  answered: number;
  start: Reading;
  end: Reading;
}

/** How long calls that outlive the counted time may take to end. */
const STRAGGLERS_MS = 10_000;

/**
 * Calls without pause from so many callers, and records the latency of each answer that arrives within the
 * counted time, in microseconds. Rejects with the first call that fails or is answered with anything but what it
 * sent, when no call was answered in time, and when some are still unanswered ten seconds after the end.
 */
export async function closedLoop<Reading>(
  call: (body: Body) => Promise<unknown>,
  histogram: Histogram,
  { callers, warmUpMs, countedMs, read }: LoopOptions<Reading>,
): Promise<LoopResult<Reading>> {
  const from = clock() + warmUpMs;
  const until = from + countedMs;
  const over = new AbortController();
  const { signal } = over;
  let answered = 0;

  const caller = async (index: number): Promise<void> => {
    const sent = body(index);
    for (let now = clock(); now < until && !signal.aborted;) {
      const answer = await call(sent);
      const then = clock();
      if (!isSame(sent, answer)) throw new Error(`A call was answered with ${describe(answer)}.`);
      if (then >= from && then <= until) {
        answered += 1;
        histogram.recordValue(Math.round((then - now) * 1_000));
      }
      now = then;
    }
  };
  const readAfter = async (ms: number): Promise<Reading> => {
    await sleep(ms, undefined, { signal });
    return read();
  };
  const limit = async (): Promise<never> => {
    await sleep(warmUpMs + countedMs + STRAGGLERS_MS, undefined, { signal });
    throw new Error(`Calls were still unanswered ${STRAGGLERS_MS} ms after the last was made.`);
  };

  try {
    const ended = Promise.all([
      readAfter(warmUpMs),
      readAfter(warmUpMs + countedMs),
      ...Array.from({ length: callers }, (_, index) => caller(index)),
    ]);
    const [start, end] = await Promise.race([ended, limit()]);
    if (answered === 0) throw new Error('No call was answered within the counted time.');
    return { answered, start, end };
  } finally {
    over.abort();
  }
}

function describe(answer: unknown): string {
  return (JSON.stringify(answer) ?? String(answer)).slice(0, 200);
}
