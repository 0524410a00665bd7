import { build, initWebAssembly } from 'hdr-histogram-js';
import type { Body } from '../body.js';
import { closedLoop } from '../closed-loop.js';
import { type Bench, type Figures, usedFor } from '../scenario.js';
import type { BenchClient } from '../system.js';

const WARM_UP_MS = 1_500;

/** Two minutes in microseconds: more than any call is waited for. */
const LONGEST_US = 120_000_000;

/** Calls in a closed loop and counts: what `unary` and `slow-handler` share. */
export async function callRate(
  bench: Bench,
  call: (client: BenchClient, body: Body) => Promise<unknown>,
): Promise<Figures> {
  await initWebAssembly();
  const histogram = build({
    useWebAssembly: true,
    bitBucketSize: 64,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });
  const client = await bench.connect();
  const { answered, start, end } = await closedLoop(body => call(client, body), histogram, {
    callers: bench.concurrency,
    warmUpMs: WARM_UP_MS,
    countedMs: bench.countedMs,
    read: bench.usage,
  });
  return {
    rps: (answered * 1_000) / bench.countedMs,
    p50Ms: histogram.getValueAtPercentile(50) / 1_000,
    p99Ms: histogram.getValueAtPercentile(99) / 1_000,
    ...usedFor(answered, start, end),
  };
}
