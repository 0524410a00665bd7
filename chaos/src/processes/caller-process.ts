import { clock, ownSample, Peer } from '@parley/tools/processes';
import { FileNotebook } from '../journal/journal.js';
import { Load } from '../load/load.js';
import { CallerApp } from '../services/caller-app.js';
import type { CallerQuestions } from './questions.js';

/** A process that calls, streams and emits. It ends when the run does. */
let app: CallerApp | undefined;
let load: Load | undefined;
let notebook: FileNotebook | undefined;

process.on('disconnect', () => process.exit());
process.once('SIGTERM', () => void leave());

Peer.serve<CallerQuestions>(process, {
  async start({ options, journal, load: loadOptions }) {
    notebook = new FileNotebook(journal);
    app = await CallerApp.start(options, ['warn', 'error', 'fatal']);
    load = new Load(app.client, notebook, loadOptions);
  },
  begin: () => load?.start(),
  stop: async () => (await load?.stop()) ?? 0,
  over: () => notebook?.write({ is: 'over', at: clock() }),
  sample: ownSample,
  underWay: () => app?.underWay ?? [],
  exit: () => void setImmediate(() => process.exit()),
});

async function leave(): Promise<void> {
  try {
    const close = async () => app?.close();
    await (load ? load.end(close) : close());
    process.exit();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}
