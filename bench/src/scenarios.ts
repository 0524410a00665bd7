import type { Scenario } from './scenario.js';
import type { SystemEntry } from './systems.js';

export interface ScenarioEntry {
  load(): Promise<{ scenario: Scenario }>;
  /** How many callers, in turn. */
  concurrency: readonly number[];
  /** One client is all it takes: `--concurrency` does not apply. */
  single?: boolean;
  /** Whether a system can take part. */
  suits(system: SystemEntry): boolean;
}

const all = () => true;

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
  'burst-events': {
    concurrency: [1_000],
    suits: system => system.events,
    load: () => import('./scenarios/burst-events.js'),
  },
  startup: { concurrency: [1], single: true, suits: all, load: () => import('./scenarios/startup.js') },
};

export function scenarioNamed(name: string): ScenarioEntry {
  const entry = SCENARIOS[name];
  if (!entry)
    throw new RangeError(`There is no scenario "${name}", only ${Object.keys(SCENARIOS).join(', ')}.`);
  return entry;
}
