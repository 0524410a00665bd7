import { ParleyServer } from '@parley/transport';

/**
 * A server of requests of HTTP that is there to be killed: it tells which have begun, takes some of what is uploaded,
 * and answers none.
 */
const server = new ParleyServer(JSON.parse(process.argv[2]));

const HANDLINGS = { get: { idempotent: true }, post: { redelivery: 'fail' }, put: { idempotent: true } };

for (const [method, handling] of Object.entries(HANDLINGS)) {
  const handler = async (_, context) => {
    for (let taken = 0; context.upload && taken < 20; taken += 1) await context.upload.next();
    process.send(method);
    return new Promise(() => undefined);
  };
  server.addHandler(`parley.http.${method}`, handler, false, { parley: handling });
}
server.listen(error => process.send(error ? `failed: ${error.message}` : 'listening'));
process.on('disconnect', () => process.exit());
