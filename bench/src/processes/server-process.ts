import 'reflect-metadata';
import type { BenchServer, Settings } from '../system.js';
import { SYSTEMS } from '../systems.js';
import { ownUsage } from './own-usage.js';
import { Peer } from './peer.js';

/** The process of the system's server. It ends when the bench does. */
let server: BenchServer | undefined;

process.on('disconnect', () => process.exit());
new Peer(process, {
  async start(parameter) {
    const { system: name, settings } = parameter as { system: string; settings: Settings };
    const { system } = await SYSTEMS[name]!.load();
    server = await system.server(settings);
  },
  usage: ownUsage,
  handled: () => server?.handled(),
  exit: () => void setImmediate(() => process.exit()),
});
