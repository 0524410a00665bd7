import 'reflect-metadata';
import type { Bench, Figures, Usage } from '../scenario.js';
import { SCENARIOS } from '../scenarios.js';
import type { BenchClient, Handled, Settings } from '../system.js';
import { SYSTEMS } from '../systems.js';
import { ownUsage } from './own-usage.js';
import { Peer } from './peer.js';

/** What the callers' process is asked to run. */
export interface Run {
  system: string;
  scenario: string;
  settings: Settings;
  concurrency: number;
  countedMs: number;
}

process.on('disconnect', () => process.exit());
const main = new Peer(process, {
  run: parameter => run(parameter as Run),
  exit: () => void setImmediate(() => process.exit()),
});

async function run({ system: name, scenario, settings, concurrency, countedMs }: Run): Promise<Figures> {
  const { system } = await SYSTEMS[name]!.load();
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
      const server = await main.ask<Usage>('usage');
      return { cpuSeconds: own.cpuSeconds + server.cpuSeconds, rssMb: own.rssMb + server.rssMb };
    },
    handled: () => main.ask<Handled>('handled'),
  };
  try {
    return await (await SCENARIOS[scenario]!.load()).scenario.run(bench);
  } finally {
    await Promise.allSettled(clients.map(client => client.close()));
  }
}
