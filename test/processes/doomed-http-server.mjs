import { ParleyServer } from '@parley/transport';

/** A server of requests of HTTP that is there to be killed: it tells which have begun, and answers none. */
const server = new ParleyServer(JSON.parse(process.argv[2]));

for (const [method, handling] of [
  ['get', { idempotent: true }],
  ['post', { redelivery: 'fail' }],
]) {
  const handler = () => {
    process.send(method);
    return new Promise(() => undefined);
  };
  server.addHandler(`parley.http.${method}`, handler, false, { parley: handling });
}
server.listen(error => process.send(error ? `failed: ${error.message}` : 'listening'));
process.on('disconnect', () => process.exit());
