import { scenarioNamed } from '../scenarios.js';
import { measureFleet } from './measure-fleet.js';
import { measurePair } from './measure-pair.js';
import type { Measurement, Outcome } from './measurement.js';

/** Runs one scenario on one system; yields an outcome for each number of callers. */
export function measure(measurement: Measurement): AsyncGenerator<Outcome> {
  return scenarioNamed(measurement.scenario).fleet ? measureFleet(measurement) : measurePair(measurement);
}
