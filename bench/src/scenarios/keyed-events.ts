import type { Scenario } from '../scenario.js';
import { eventBurst } from './event-burst.js';

/** Events of 1,000 keys whose handler awaits 5 ms: those of a key run in order, so 200,000 a second is the most. */
export const scenario: Scenario = {
  async run(bench) {
    const { emitKeyed } = await bench.connect();
    if (!emitKeyed) throw new Error('This system has no keys.');
    return eventBurst(bench, emitKeyed);
  },
};
