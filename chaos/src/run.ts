import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ParleyOptions } from '@parley/transport';
import { clock } from '@parley/tools/processes';
import type { Evidence } from './audit/audit.js';
import { auditLeaks } from './audit/leaks.js';
import { BROKERS, ChaosCluster } from './cluster/chaos-cluster.js';
import { GroupWatch } from './cluster/group-watch.js';
import type { Outcome } from './outcome.js';
import { Fleet } from './processes/fleet.js';
import { RealArena } from './processes/real-arena.js';
import { schedule } from './schedule/schedule.js';
import { storm } from './schedule/storm.js';
import { ANSWERS } from './services/answers.js';
import { LEDGER } from './services/event-handlers.js';

export interface RunOptions {
  seed: number;
  /** How long the storm is. */
  seconds: number;
  driver: ParleyOptions['driver'];
  /** A folder that is there, and empty: journals are written to it. */
  folder: string;
  log: (line: string) => void;
  /** Ends it before its time: it rejects then, once all that it started is gone. */
  signal: AbortSignal;
}

const SERVERS = 3;
const CALLER_PROCESSES = 2;
const CALLERS = 64;
const KEYS = 16;

/** How long there is load before what the processes hold is first looked at: pools and caches are filled then. */
const WARM_UP_MS = 3_000;

/** How long all goes on after the last fault. */
const CALM_MS = 3_000;

/** How long the groups may take to handle what is left. */
const DRAINED_MS = 40_000;

/** How long after its load a process may take to let go of everything: sockets close, timers run out. */
const SETTLED_MS = 20_000;

/** Starts brokers and fleet, lets the storm befall them under load, and gathers what they saw. */
export async function run(options: RunOptions): Promise<Outcome> {
  const { seed, seconds, driver, folder, log, signal } = options;
  log('Three brokers and five processes are started.');
  const cluster = await ChaosCluster.start(log, signal);
  const prefix = `chaos-${randomBytes(4).toString('hex')}-`;
  const common = { driver, prefix, kafka: { brokers: cluster.bootstrap } };
  const load = { callerProcesses: CALLER_PROCESSES, callers: CALLERS, keys: KEYS };
  const fleet = new Fleet({ common, folder, seed, servers: SERVERS, ...load });
  const watch = new GroupWatch(cluster.direct, prefix);
  // Whatever the processes are asked then is not answered any more: nobody goes on waiting.
  const leave = () => void fleet.close();
  signal.addEventListener('abort', leave);
  try {
    signal.throwIfAborted();
    await fleet.start();
    await fleet.beginLoad();
    watch.start();
    await sleep(WARM_UP_MS, undefined, { signal });
    await fleet.endLoad();
    const before = await fleet.samples();

    await fleet.beginLoad();
    const beganAt = clock();
    const planned = schedule(seed, seconds, {
      servers: SERVERS,
      callers: CALLER_PROCESSES,
      brokers: BROKERS.length,
    });
    const faults = await storm(planned, new RealArena(fleet, cluster, prefix), log, signal);
    await sleep(CALM_MS, undefined, { signal });
    await fleet.endLoad();
    for (const caller of fleet.callers) await caller.over();
    log('The storm is over, the load has ended.');

    const undone = await watch.drained(DRAINED_MS, signal);
    await watch.stop();
    const rest = await settled(fleet, before, signal);
    const { crashes } = fleet;
    const ends = await fleet.terminate();
    const evidence: Evidence = {
      ...fleet.journals,
      services: [ANSWERS, LEDGER],
      offsets: watch.seen,
      before,
      ...rest,
      crashes: [...crashes, ...ends],
      undone,
    };
    return { evidence, faults, beganAt };
  } finally {
    signal.removeEventListener('abort', leave);
    await watch.stop();
    await fleet.close();
    await cluster.close();
  }
}

/** What the processes hold, and what they have not done with, once that is as it should be or the time for it is up. */
async function settled(
  fleet: Fleet,
  before: Evidence['before'],
  signal: AbortSignal,
): Promise<Pick<Evidence, 'after' | 'underWay'>> {
  for (const until = clock() + SETTLED_MS; ; await sleep(500, undefined, { signal })) {
    const [after, underWay] = [await fleet.samples(), await fleet.underWay()];
    const isSettled = underWay.length === 0 && auditLeaks(before, after).length === 0;
    if (isSettled || clock() > until) return { after, underWay };
  }
}
