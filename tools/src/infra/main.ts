import { once } from 'node:events';
import getPort from 'get-port';
import { stopSignal } from '../kafka/stop-signal.js';
import { infraLines } from './infra-lines.js';
import { startInfra } from './start-infra.js';

/** Where services look when no environment variable tells them otherwise. */
const USUAL_PORTS = { kafka: 9092, postgres: 5432 };

/** `npm run infra`: a broker and a database in the foreground, until Ctrl-C. Nothing outlives it. */
const signal = stopSignal();
const infra = await startInfra({
  ports: {
    kafka: await getPort({ port: USUAL_PORTS.kafka, host: '127.0.0.1' }),
    postgres: await getPort({ port: USUAL_PORTS.postgres, host: '127.0.0.1' }),
  },
  log: message => console.error(message),
});
console.log('Kafka and Postgres answer. Ctrl-C stops them; what they hold is in memory, and goes with them.');
for (const line of infraLines(infra)) console.log(line);
if (!signal.aborted) await once(signal, 'abort');
await infra.close();
