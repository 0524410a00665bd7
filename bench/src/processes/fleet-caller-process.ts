import 'reflect-metadata';
import { ownSample, Peer } from '@parley/tools/processes';
import { body } from '../body.js';
import { Load } from '../fleet/load.js';
import type { BenchClient, System } from '../system.js';
import { systemNamed } from '../systems.js';
import type { CallerEvidence, FleetCallerQuestions, LeavingQuestions } from './fleet-questions.js';

/** One caller process of a fleet. It ends when the bench does. */
let system: System | undefined;
let client: BenchClient | undefined;
let load: Load | undefined;

process.on('disconnect', () => process.exit());
process.once('SIGTERM', () => void leave());

const main = new Peer<LeavingQuestions<CallerEvidence>, FleetCallerQuestions>(process, {
  async load(name) {
    ({ system } = await systemNamed(name).load());
  },
  async connect({ settings, process, deadlineMs }) {
    if (!system) throw new Error('The system has not been loaded.');
    client = await system.client(settings);
    const { replies, series } = client;
    if (!replies) throw new Error('This system does not tell how often a call is answered.');
    await client.unary(body());
    load = new Load(replies, { process, deadlineMs, ...(series && { series }) });
  },
  resize: async callers => connected().resize(callers),
  take: () => connected().take(),
  sample: ownSample,
  exit: () => void setImmediate(() => process.exit()),
});

function connected(): Load {
  if (!load) throw new Error('The client has not been connected.');
  return load;
}

async function leave(): Promise<void> {
  try {
    await load?.resize(0);
    await client?.close();
    if (load) await main.ask('leaving', load.take());
    process.exit();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
