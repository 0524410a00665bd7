import type { FleetScenario, Scenario } from './scenario.js';
import type { SystemEntry } from './systems.js';

interface Entry {
  /** How many callers, in turn. */
  concurrency: readonly number[];
  /** One client is all it takes: `--concurrency` does not apply. */
  single?: boolean;
  /** Whether a system can take part. */
  suits(system: SystemEntry): boolean;
  /** How many brokers a Kafka needs for it. Default 1; one with three is killed, so it must be the bench's own. */
  brokers?: 1 | 3;
}

/** Run in the callers' process, against one server. */
export interface PairEntry extends Entry {
  fleet?: false;
  load(): Promise<{ scenario: Scenario }>;
}

/** Run in the bench's process, which starts and ends the servers and callers. */
export interface FleetEntry extends Entry {
  fleet: true;
  load(): Promise<{ scenario: FleetScenario }>;
}

export type ScenarioEntry = PairEntry | FleetEntry;

const all = () => true;
const flow = (system: SystemEntry) => system.flow === true;
const fleet = { fleet: true, concurrency: [64], suits: (system: SystemEntry) => system.scales } as const;

/** Every scenario, in the order they run. */
export const SCENARIOS: Readonly<Record<string, ScenarioEntry>> = {
  unary: { concurrency: [1, 64, 256], suits: all, load: () => import('./scenarios/unary.js') },
  'slow-handler': { concurrency: [64], suits: all, load: () => import('./scenarios/slow-handler.js') },
  stream: {
    concurrency: [1],
    single: true,
    suits: system => system.streams,
    load: () => import('./scenarios/stream.js'),
  },
  'streams-many': {
    concurrency: [1_000],
    single: true,
    suits: system => system.streams,
    load: () => import('./scenarios/streams-many.js'),
  },
  'slow-subscriber': {
    concurrency: [1],
    single: true,
    suits: flow,
    load: () => import('./scenarios/slow-subscriber.js'),
  },
  'unary-beside-streams': {
    concurrency: [64],
    suits: flow,
    load: () => import('./scenarios/unary-beside-streams.js'),
  },
  'burst-events': {
    concurrency: [1_000],
    suits: system => system.events,
    load: () => import('./scenarios/burst-events.js'),
  },
  'keyed-events': {
    concurrency: [1_000],
    suits: system => system.keys === true,
    load: () => import('./scenarios/keyed-events.js'),
  },
  startup: { concurrency: [1], single: true, suits: all, load: () => import('./scenarios/startup.js') },
  elastic: { ...fleet, load: () => import('./scenarios/elastic.js') },
  'recovery-server': { ...fleet, load: () => import('./scenarios/recovery-server.js') },
  'recovery-broker': { ...fleet, brokers: 3, load: () => import('./scenarios/recovery-broker.js') },
};

export function scenarioNamed(name: string): ScenarioEntry {
  const entry = SCENARIOS[name];
  if (!entry)
    throw new RangeError(`There is no scenario "${name}", only ${Object.keys(SCENARIOS).join(', ')}.`);
  return entry;
}

export function pairScenarioNamed(name: string): PairEntry {
  const entry = scenarioNamed(name);
  if (entry.fleet) throw new RangeError(`The scenario "${name}" takes a fleet, not a pair of processes.`);
  return entry;
}

export function fleetScenarioNamed(name: string): FleetEntry {
  const entry = scenarioNamed(name);
  if (!entry.fleet) throw new RangeError(`The scenario "${name}" takes a pair of processes, not a fleet.`);
  return entry;
}
