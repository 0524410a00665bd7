/** What is done to the fleet or to the cluster. */
export const FAULT_KINDS = [
  'kill server',
  'pause server',
  'roll server',
  'kill caller',
  'roll caller',
  'kill broker',
  'silence broker',
  'refuse broker',
  'fill broker',
  'slow broker',
  'cut broker',
  'move leaders',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  kind: FaultKind;
  /** Which server, caller or broker, counted from 1; of moved leaders: by how many places the replicas turn. */
  target: number;
  /** After so many ms it is over: what was killed or rolled is started again. 0 for what is over at once. */
  forMs: number;
  /** Of a slow broker: how late everything passes, in ms. */
  byMs?: number;
}

export interface PlannedFault extends Fault {
  /** In ms from the beginning of the storm. */
  at: number;
}

/** `kill broker 2 for 3.1 s`. */
export function nameOf({ kind, target, forMs, byMs }: Fault): string {
  const by = byMs === undefined ? '' : ` by ${byMs} ms`;
  return `${kind} ${target}${by}${forMs === 0 ? '' : ` for ${(forMs / 1_000).toFixed(1)} s`}`;
}

const HARMING_BROKERS: ReadonlySet<FaultKind> = new Set([
  'kill broker',
  'silence broker',
  'refuse broker',
  'fill broker',
]);

/** Whether it leaves fewer brokers than there are. */
export function harmsBroker({ kind }: Fault): boolean {
  return HARMING_BROKERS.has(kind);
}

/** What nothing else may befall meanwhile. */
export function placeOf(fault: Fault): string {
  const { kind, target } = fault;
  if (harmsBroker(fault) || kind === 'slow broker' || kind === 'move leaders') return 'brokers';
  if (kind === 'cut broker') return 'connections';
  return `${kind.split(' ')[1]} ${target}`;
}

/** The place that a fault befalls. @throws RangeError where there is none of the number */
export function placeAt<T>(places: readonly T[], target: number): T {
  const place = places[target - 1];
  if (!place) throw new RangeError(`There is no place ${target}; there are ${places.length}.`);
  return place;
}
