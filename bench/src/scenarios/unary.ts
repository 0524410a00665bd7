import type { Scenario } from '../scenario.js';
import { callRate } from './call-rate.js';

/** Echoed calls of 100 bytes. */
export const scenario: Scenario = {
  run: bench => callRate(bench, (client, body) => client.unary(body)),
};
