import { Random } from '../random.js';
import { FAULT_KINDS, type Fault, type FaultKind, harmsBroker, placeOf, type PlannedFault } from './fault.js';

/** What there is to be harmed. The first server and the first caller are neither killed nor rolled: they live through it all. */
export interface Scene {
  servers: number;
  callers: number;
  brokers: number;
  /** Default: all. */
  kinds?: readonly FaultKind[];
  /** How many times quicker than in a storm of real brokers faults follow one another, and are over. Default 1. */
  pace?: number;
}

/** The time from one fault's beginning to the next one's, in ms. */
const GAP_MS = [200, 2_500] as const;

/** After a fault of a broker the others are spared for so long, so that its replicas catch up. */
const CATCH_UP_MS = 4_000;

/** How long each fault lasts, in ms. */
const LASTS_MS: Readonly<Record<FaultKind, readonly [least: number, most: number]>> = {
  'kill server': [500, 8_000],
  'pause server': [500, 12_000],
  'roll server': [100, 3_000],
  'kill caller': [500, 4_000],
  'roll caller': [100, 3_000],
  'kill broker': [500, 6_000],
  'silence broker': [500, 8_000],
  'refuse broker': [500, 6_000],
  'fill broker': [500, 6_000],
  'slow broker': [1_000, 8_000],
  'cut broker': [0, 0],
  'move leaders': [0, 0],
};

/**
 * The faults of a storm of so many seconds: the same for the same seed. Of each kind there is one before any comes
 * again, in an order that changes. All are over when the storm is; never is more than one broker harmed at a time,
 * nor a process that is harmed already.
 */
export function schedule(seed: number, seconds: number, scene: Scene): PlannedFault[] {
  const random = new Random(seed);
  const { pace = 1 } = scene;
  const gap = () => random.between(...GAP_MS) / pace;
  const busyUntil = new Map<string, number>();
  const planned: PlannedFault[] = [];
  let bag: FaultKind[] = [];
  for (let at = gap(); at < seconds * 1_000; at += gap()) {
    if (bag.length === 0) bag = random.shuffled(scene.kinds ?? FAULT_KINDS);
    const drawn = bag.map(kind => ({ kind, fault: draw(random, kind, scene) }));
    const fit = drawn.find(({ fault }) => isFree(fault, at) && at + fault.forMs <= seconds * 1_000);
    if (!fit) continue;
    bag = bag.filter(kind => kind !== fit.kind);
    busyUntil.set(
      placeOf(fit.fault),
      at + fit.fault.forMs + (harmsBroker(fit.fault) ? CATCH_UP_MS / pace : 0),
    );
    planned.push({ at, ...fit.fault });
  }
  return planned;

  function isFree(fault: Fault, at: number): boolean {
    return (busyUntil.get(placeOf(fault)) ?? 0) <= at;
  }
}

function draw(random: Random, kind: FaultKind, { servers, callers, brokers, pace = 1 }: Scene): Fault {
  const forMs = Math.round(random.between(...LASTS_MS[kind]) / pace);
  switch (kind) {
    case 'kill server':
    case 'roll server':
      return { kind, target: random.between(2, servers), forMs };
    case 'pause server':
      return { kind, target: random.between(1, servers), forMs };
    case 'kill caller':
    case 'roll caller':
      return { kind, target: random.between(2, callers), forMs };
    case 'move leaders':
      return { kind, target: random.between(1, brokers - 1), forMs };
    case 'slow broker':
      return { kind, target: random.between(1, brokers), forMs, byMs: random.between(5, 200) };
    default:
      return { kind, target: random.between(1, brokers), forMs };
  }
}
