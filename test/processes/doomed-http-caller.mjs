import { parleyFetch } from '@parley/http';
import { ParleyClient } from '@parley/transport';

/** A caller of HTTP in a process of its own that is there to be killed in the middle of an endless upload. */
const [, , options, url] = process.argv;
const client = new ParleyClient(JSON.parse(options));
const fetch = parleyFetch({ to: () => client });
async function* endless() {
  for (;;) {
    yield Buffer.alloc(64 * 1024);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
fetch(url, { method: 'POST', body: ReadableStream.from(endless()), duplex: 'half' }).then(
  ({ status }) => process.send(`failed: answered ${status}`),
  error => process.send(`failed: ${error.message}`),
);
process.on('disconnect', () => process.exit());
