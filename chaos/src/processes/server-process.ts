import { ownSample, Peer } from '@parley/tools/processes';
import { FileNotebook } from '../journal/journal.js';
import { type Services, startServices } from '../services/service.js';
import type { ServerQuestions } from './questions.js';

/** A process with an instance of each service. It ends when the run does. */
let services: Services | undefined;

process.on('disconnect', () => process.exit());
process.once('SIGTERM', () => void leave());

Peer.serve<ServerQuestions>(process, {
  async start({ options, journal }) {
    services = await startServices(options, new FileNotebook(journal), ['warn', 'error', 'fatal']);
  },
  sample: ownSample,
  underWay: () => services?.underWay ?? [],
  exit: () => void setImmediate(() => process.exit()),
});

async function leave(): Promise<void> {
  try {
    await services?.close();
    process.exit();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
