import type { ClusterSize } from './clusters.js';
import type { Options } from './options.js';
import { scenarioNamed } from './scenarios.js';
import { type SystemEntry, systemNamed } from './systems.js';

/** One scenario on one system, with its numbers of callers in turn. */
export interface Step {
  system: string;
  scenario: string;
  concurrency: readonly number[];
  clusterSize: ClusterSize;
}

/** What runs, in order: the systems in turn within each scenario, so that they meet the same conditions. */
export function plan({ systems, scenarios, concurrency, rounds }: Options): Step[] {
  const round = scenarios.flatMap(scenario => {
    const entry = scenarioNamed(scenario);
    return systems
      .filter(system => takesPart(systemNamed(system), scenario))
      .map((system): Step => ({
        system,
        scenario,
        concurrency: entry.single ? entry.concurrency : (concurrency ?? entry.concurrency),
        clusterSize: systemNamed(system).kafka ? (entry.brokers ?? 1) : 0,
      }));
  });
  return Array.from({ length: rounds }, () => round).flat();
}

function takesPart(system: SystemEntry, scenario: string): boolean {
  return scenarioNamed(scenario).suits(system) && (system.only?.includes(scenario) ?? true);
}

/** Whether a step kills brokers: only those that the bench started. */
export function ownKafkaOnly({ clusterSize }: Step): boolean {
  return clusterSize === 3;
}
