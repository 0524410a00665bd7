import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import { elasticFigures, elasticRound } from '../fleet/elastic-round.js';
import type { Caller, Fleet, Server } from '../fleet/fleet.js';
import type { Figures } from '../scenario.js';
import type { TimedSample } from './growth.js';

/** How long a process rests before it is looked at: requests under way have ended, sockets are closed. */
const REST_MS = 1_500;

export interface SoakRound {
  figures: Figures;
  server: TimedSample;
  caller: TimedSample;
}

export interface SoakOptions {
  fleet: Fleet;
  concurrency: number;
  minutes: number;
}

/**
 * Plays the elastic scenario again and again, for so many minutes, around one server and one caller that live through
 * all of it, and samples these two after each round.
 */
export async function* soak({ fleet, concurrency, minutes }: SoakOptions): AsyncGenerator<SoakRound> {
  const [lastingServer, caller] = await Promise.all([fleet.bootServer(), fleet.bootCaller()]);
  let leaver = await fleet.bootServer();
  await Promise.all([fleet.start(lastingServer), fleet.start(leaver)]);
  await fleet.connect(caller);

  const from = clock();
  const now = () => (clock() - from) / 60_000;
  while (now() < minutes) {
    const [server1, server2, ...passing] = await boot(fleet);
    await fleet.share(concurrency, [caller]);
    const rolled = [
      { newcomer: server1, leaver },
      { newcomer: server2, leaver: server1 },
    ];
    const parts = await elasticRound({ fleet, concurrency, lasting: caller, passing, rolled });
    leaver = server2;
    const figures = elasticFigures(await fleet.take(), parts);
    await sleep(REST_MS);
    const at = now();
    const samples = await fleet.sample(lastingServer, caller);
    yield { figures, server: { at, ...samples.server }, caller: { at, ...samples.caller } };
  }
}

async function boot(fleet: Fleet): Promise<[Server, Server, ...Caller[]]> {
  return Promise.all([
    fleet.bootServer(),
    fleet.bootServer(),
    fleet.bootCaller(),
    fleet.bootCaller(),
    fleet.bootCaller(),
  ]);
}
