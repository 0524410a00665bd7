import type { Scenario } from '../scenario.js';
import { eventBurst } from './event-burst.js';

/** Events whose handler only counts them. */
export const scenario: Scenario = {
  async run(bench) {
    const { emit } = await bench.connect();
    if (!emit) throw new Error('This system has no events.');
    return eventBurst(bench, emit);
  },
};
