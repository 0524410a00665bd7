import { setTimeout as delay } from 'node:timers/promises';
import { ParleyServer } from '@parley/transport';

/**
 * A server in a process of its own that is there to be killed: it tells which handlers have begun, answers no call,
 * and counts up in its streams for ever.
 */
const server = new ParleyServer(JSON.parse(process.argv[2]));

function never(pattern, handling = {}) {
  const handler = () => {
    process.send(pattern);
    return new Promise(() => undefined);
  };
  server.addHandler(pattern, handler, false, { parley: handling });
}

function count(pattern, handling = {}) {
  const handler = async (_data, context) => numbers(pattern, context.resumeFrom);
  server.addHandler(pattern, handler, false, { parley: handling });
}

async function* numbers(pattern, from) {
  process.send(pattern);
  for (let n = from; ; n += 1) {
    yield n;
    await delay(5);
  }
}

never('greet');
never('greet-idempotent', { idempotent: true });
count('count');
count('count-resumable', { resumable: true });
server.listen(error => process.send(error ? `failed: ${error.message}` : 'listening'));
process.on('disconnect', () => process.exit());
