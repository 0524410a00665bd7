import 'reflect-metadata';
import { Peer } from '@parley/tools/processes';
import type { BenchServer } from '../system.js';
import { systemNamed } from '../systems.js';
import { ownUsage } from './own-usage.js';
import { profile } from './profiler.js';
import type { ServerQuestions } from './questions.js';

/** The process of the system's server. It ends when the bench does. */
let server: BenchServer | undefined;
let endProfile: ((file: string) => Promise<void>) | undefined;

process.on('disconnect', () => process.exit());
const answers: ServerQuestions = {
  async start({ system: name, settings }) {
    const { system } = await systemNamed(name).load();
    server = await system.server(settings);
  },
  usage: ownUsage,
  handled() {
    if (!server) throw new Error('The server has not been started.');
    return server.handled();
  },
  async profile() {
    endProfile = await profile();
  },
  async writeProfile(file) {
    await endProfile?.(file);
  },
  exit: () => void setImmediate(() => process.exit()),
};
Peer.serve(process, answers);
