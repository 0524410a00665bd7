import { ParleyClient } from '@parley/transport';

/** A caller in a process of its own that is there to be killed: it makes one call and tells of each item. */
const [, , options, pattern] = process.argv;
const client = new ParleyClient(JSON.parse(options));
client.send(pattern, 'x').subscribe({
  next: item => process.send(item),
  error: error => process.send(`failed: ${error.message}`),
});
process.on('disconnect', () => process.exit());
