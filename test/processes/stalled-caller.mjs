import { ParleyClient } from '@parley/transport';

/** A caller in a process of its own that is there to be stopped for a while: it tells what becomes of two calls. */
const client = new ParleyClient(JSON.parse(process.argv[2]));
const tell = call => ({
  next: item => process.send({ call, item }),
  error: ({ status, message }) => process.send({ call, status, message }),
  complete: () => process.send({ call, status: 'OK' }),
});
client.send('count').subscribe(tell('stream'));
client.send('never').subscribe(tell('unary'));
process.on('disconnect', () => process.exit());
