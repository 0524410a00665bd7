import { setTimeout as sleep } from 'node:timers/promises';
import { elasticFigures, elasticRound } from '../fleet/elastic-round.js';
import type { FleetScenario } from '../scenario.js';

const WARM_UP_MS = 2_000;

/** Calls without pause while callers go from one process to four and back, then servers from two to three and back. */
export const scenario: FleetScenario = {
  async run({ fleet, callers: concurrency }) {
    const [a, b, c, d] = await Promise.all([
      fleet.bootServer(),
      fleet.bootServer(),
      fleet.bootServer(),
      fleet.bootServer(),
    ]);
    const [lasting, ...passing] = await Promise.all([
      fleet.bootCaller(),
      fleet.bootCaller(),
      fleet.bootCaller(),
      fleet.bootCaller(),
    ]);
    await Promise.all([fleet.start(a), fleet.start(b)]);
    await fleet.connect(lasting);
    await fleet.share(concurrency, [lasting]);
    await sleep(WARM_UP_MS);
    const rolled = [
      { newcomer: c, leaver: a },
      { newcomer: d, leaver: b },
    ];
    const parts = await elasticRound({ fleet, concurrency, lasting, passing, rolled });
    return elasticFigures(await fleet.take(), parts);
  },
};
