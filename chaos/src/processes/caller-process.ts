import 'reflect-metadata';
import { ParleyClient } from '@parley/transport';
import { clock, ownSample, Peer } from '@parley/tools/processes';
import { FileNotebook } from '../journal/journal.js';
import { Load } from '../load/load.js';
import { ANSWERS } from '../services/answers.js';
import type { CallerQuestions } from './questions.js';

/** A process that calls, streams and emits. It ends when the run does. */
let client: ParleyClient | undefined;
let load: Load | undefined;
let notebook: FileNotebook | undefined;

process.on('disconnect', () => process.exit());
process.once('SIGTERM', () => void leave());

Peer.serve<CallerQuestions>(process, {
  async start({ options, journal, load: loadOptions }) {
    notebook = new FileNotebook(journal);
    client = new ParleyClient({ ...options, service: 'caller', to: ANSWERS });
    await client.connect();
    load = new Load(client, notebook, loadOptions);
  },
  begin: () => load?.start(),
  stop: async () => (await load?.stop()) ?? 0,
  over: () => notebook?.write({ is: 'over', at: clock() }),
  sample: ownSample,
  exit: () => void setImmediate(() => process.exit()),
});

async function leave(): Promise<void> {
  try {
    await client?.close();
    process.exit();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
