import type { Scenario } from '../scenario.js';
import { callRate } from './call-rate.js';

/** Echoed calls whose handler awaits 20 ms: 64 callers could get 3,200 answers a second. */
export const scenario: Scenario = {
  run: bench => callRate(bench, (client, body) => client.slow(body)),
};
