import type { Options } from './options.js';
import { SCENARIOS } from './scenarios.js';
import { SYSTEMS } from './systems.js';

/** One scenario on one system, with its numbers of callers in turn. */
export interface Step {
  system: string;
  scenario: string;
  concurrency: readonly number[];
}

/** What runs, in order: the systems in turn within each scenario, so that they meet the same conditions. */
export function plan({ systems, scenarios, concurrency, rounds }: Options): Step[] {
  const round = scenarios.flatMap(scenario => {
    const entry = SCENARIOS[scenario]!;
    return systems
      .filter(system => entry.suits(SYSTEMS[system]!))
      .map(system => ({ system, scenario, concurrency: concurrency ?? entry.concurrency }));
  });
  return Array.from({ length: rounds }, () => round).flat();
}
