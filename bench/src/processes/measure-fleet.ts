import { Fleet } from '../fleet/fleet.js';
import { fleetScenarioNamed } from '../scenarios.js';
import { type Measurement, messageOf, type Outcome } from './measurement.js';

/** Runs one fleet scenario on one system, in new processes for each number of callers. */
export async function* measureFleet(measurement: Measurement): AsyncGenerator<Outcome> {
  const { system, scenario, cluster } = measurement;
  const { scenario: loaded } = await fleetScenarioNamed(scenario).load();
  for (const concurrency of measurement.concurrency) {
    const fleet = new Fleet({ system, scenario, brokers: cluster.brokers, deadlineMs: loaded.deadlineMs });
    try {
      yield { concurrency, figures: await loaded.run({ fleet, callers: concurrency, cluster }) };
    } catch (error) {
      yield { concurrency, error: [messageOf(error), fleet.output].filter(Boolean).join(' | ') };
    } finally {
      await fleet.close();
    }
  }
}
