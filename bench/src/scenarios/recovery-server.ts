import { setTimeout as sleep } from 'node:timers/promises';
import { recover, RECOVERY_DEADLINE_MS, WARM_UP_MS } from '../fleet/recovery.js';
import type { FleetScenario } from '../scenario.js';

/** Kills one of two servers with SIGKILL while callers call. */
export const scenario: FleetScenario = {
  deadlineMs: RECOVERY_DEADLINE_MS,

  async run({ fleet, callers: concurrency }) {
    const [killed, survivor] = await Promise.all([fleet.bootServer(), fleet.bootServer()]);
    await Promise.all([fleet.start(killed), fleet.start(survivor)]);
    const caller = await fleet.bootCaller();
    await fleet.connect(caller);
    await fleet.share(concurrency, [caller]);
    await sleep(WARM_UP_MS);
    return recover({ fleet, caller, kill: () => fleet.kill(killed) });
  },
};
