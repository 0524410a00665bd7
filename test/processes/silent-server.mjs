import { ParleyServer } from '@parley/transport';

/** A server in a process of its own that takes every call and answers none: it is there to be killed. */
const server = new ParleyServer(JSON.parse(process.argv[2]));
server.addHandler('greet', () => {
  process.send('called');
  return new Promise(() => undefined);
});
server.listen(error => process.send(error ? `failed: ${error.message}` : 'listening'));
process.on('disconnect', () => process.exit());
