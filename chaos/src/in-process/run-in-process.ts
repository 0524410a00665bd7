import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedKafka } from '@parley/embedded-kafka';
import type { ParleyOptions } from '@parley/transport';
import { clock } from '@parley/tools/processes';
import { GroupWatch } from '../cluster/group-watch.js';
import type { Outcome } from '../outcome.js';
import { schedule } from '../schedule/schedule.js';
import { storm } from '../schedule/storm.js';
import { ANSWERS } from '../services/answers.js';
import { LEDGER } from '../services/event-handlers.js';
import { EMBEDDED_FAULTS, EmbeddedArena, FLEET_FAULTS } from './embedded-arena.js';
import { InProcessFleet } from './in-process-fleet.js';

export interface InProcessOptions {
  seed: number;
  /** How long the storm is. */
  seconds: number;
  /** Three embedded brokers, which faults befall too; or the address of others, which none does. */
  kafka: EmbeddedKafka | string;
  /** Default: the one that is Parley's. */
  driver?: ParleyOptions['driver'];
  log?: (line: string) => void;
  /** Ends it before its time: it rejects then, once all that it started is closed. */
  signal?: AbortSignal;
}

const SERVERS = 2;
const CALLERS = 2;

/** Everything is over sooner than on real brokers, by so much. */
const PACE = 6;

const DRAINED_MS = 20_000;

/** More than it takes to find out that a caller has left: three pulses. */
const SETTLED_MS = 10_000;

/**
 * The run of real processes and brokers in one process and in seconds: the same load, a storm of the same making, and
 * evidence for the same audit. Nothing is killed here: servers and callers are rolled.
 */
export async function runInProcess({
  seed,
  seconds,
  kafka,
  driver,
  log = () => {},
  signal,
}: InProcessOptions): Promise<Outcome> {
  const embedded = typeof kafka === 'string' ? undefined : kafka;
  const brokers = typeof kafka === 'string' ? kafka.split(',') : kafka.brokers;
  const prefix = `chaos-${randomBytes(4).toString('hex')}-`;
  const shape = { partitions: 3 };
  const fleet = new InProcessFleet({
    common: {
      driver,
      prefix,
      kafka: { brokers, requestTimeoutMs: 1_000 },
      topics: { calls: shape, inbox: shape, events: shape },
      drainTimeoutMs: 3_000,
    },
    servers: SERVERS,
    callers: CALLERS,
    load: { seed, callers: 32, keys: 4, pace: PACE },
  });
  const watch = new GroupWatch(brokers, prefix);
  try {
    await fleet.start(signal);
    watch.start();
    const beganAt = clock();
    const scene = { servers: SERVERS, callers: CALLERS, brokers: brokers.length, pace: PACE };
    const planned = schedule(seed, seconds, { ...scene, kinds: embedded ? EMBEDDED_FAULTS : FLEET_FAULTS });
    const faults = await storm(planned, new EmbeddedArena(fleet, embedded), log, signal);
    await fleet.endLoad();
    const undone = await watch.drained(DRAINED_MS, signal);
    const underWay = await settled(fleet, signal);
    const evidence = {
      callers: fleet.callers.flatMap(({ journals }) => journals),
      servers: fleet.servers.flatMap(({ journals }) => journals),
      services: [ANSWERS, LEDGER],
      offsets: watch.seen,
      before: new Map<string, never>(),
      after: new Map<string, never>(),
      crashes: fleet.crashes,
      underWay,
      undone,
    };
    return { evidence, faults, beganAt };
  } finally {
    await watch.stop();
    await fleet.close();
  }
}

/** What is not done with once nothing is, or when the time for that is up. */
async function settled(fleet: InProcessFleet, signal?: AbortSignal): Promise<string[]> {
  for (const until = clock() + SETTLED_MS; ; await sleep(100, undefined, { signal })) {
    const { underWay } = fleet;
    if (underWay.length === 0 || clock() > until) return underWay;
  }
}
