import 'reflect-metadata';
import { ownSample, Peer } from '@parley/tools/processes';
import { Handlings } from '../fleet/handlings.js';
import type { BenchServer, System } from '../system.js';
import { systemNamed } from '../systems.js';
import type { FleetServerQuestions, LeavingQuestions, ServerEvidence } from './fleet-questions.js';

/** One server of a fleet. It ends when the bench does. */
let system: System | undefined;
let server: BenchServer | undefined;
const handlings = new Handlings();

process.on('disconnect', () => process.exit());
process.once('SIGTERM', () => void leave());

const main = new Peer<LeavingQuestions<ServerEvidence>, FleetServerQuestions>(process, {
  async load(name) {
    ({ system } = await systemNamed(name).load());
  },
  async start(settings) {
    if (!system) throw new Error('The system has not been loaded.');
    server = await system.server(settings, body => handlings.add(body));
  },
  take: () => ({ handled: handlings.take() }),
  sample: ownSample,
  exit: () => void setImmediate(() => process.exit()),
});

async function leave(): Promise<void> {
  try {
    await server?.close();
    await main.ask('leaving', { handled: handlings.take() });
    process.exit();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
