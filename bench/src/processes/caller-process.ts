import 'reflect-metadata';
import { Peer } from '@parley/tools/processes';
import type { Bench, Figures, Memory, Usage } from '../scenario.js';
import { pairScenarioNamed } from '../scenarios.js';
import type { BenchClient } from '../system.js';
import { systemNamed } from '../systems.js';
import { ownUsage } from './own-usage.js';
import { profile } from './profiler.js';
import type { BenchQuestions, CallerQuestions, Run } from './questions.js';

/** The process that all callers are in. It ends when the bench does. */
process.on('disconnect', () => process.exit());
const main = new Peer<BenchQuestions, CallerQuestions>(process, {
  run,
  exit: () => void setImmediate(() => process.exit()),
});

async function run({
  system: name,
  scenario,
  settings,
  concurrency,
  countedMs,
  profile: file,
}: Run): Promise<Figures> {
  const { system } = await systemNamed(name).load();
  const clients: BenchClient[] = [];
  const bench: Bench = {
    concurrency,
    countedMs,
    async connect() {
      const client = await system.client(settings);
      clients.push(client);
      return client;
    },
    async usage(): Promise<Usage> {
      const own = ownUsage();
      const server = await main.ask('usage', undefined);
      return { cpuSeconds: own.cpuSeconds + server.cpuSeconds, rssMb: own.rssMb + server.rssMb };
    },
    async memory(): Promise<Memory> {
      const server = await main.ask('usage', undefined);
      return { serverMb: server.rssMb, clientMb: ownUsage().rssMb };
    },
    handled: () => main.ask('handled', undefined),
  };
  const loaded = await pairScenarioNamed(scenario).load();
  const endProfile = file === undefined ? undefined : await profile();
  try {
    return await loaded.scenario.run(bench);
  } finally {
    if (file !== undefined) await endProfile?.(file);
    await Promise.allSettled(clients.map(client => client.close()));
  }
}
