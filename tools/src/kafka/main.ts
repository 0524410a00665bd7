import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { brokerCount } from './broker-count.js';
import { KAFKA_VERSION, MissingToolError, startKafka } from './index.js';
import { stopSignal } from './stop-signal.js';

/** `npm run kafka`: a real Apache Kafka in the foreground, until Ctrl-C. */
const options = new Command('npm run kafka --')
  .description(`Starts Apache Kafka ${KAFKA_VERSION} and prints its address once it answers.`)
  .option('--brokers <count>', '1 or 3', brokerCount, 1 as const)
  .option(
    '--port <number>',
    "the first broker's port; the others follow it (default: free ports)",
    portNumber,
  )
  .parse()
  .opts<{ brokers: 1 | 3; port?: number }>();

const signal = stopSignal();
try {
  const kafka = await startKafka({ ...options, signal, log: line => console.error(line) });
  console.log(`Apache Kafka ${KAFKA_VERSION} answers. Ctrl-C stops it and removes its data.`);
  console.log(`KAFKA_BROKERS=${kafka.bootstrap}`);
  const alive = setInterval(() => {}, 60_000);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(alive);
  await kafka.close();
} catch (error) {
  if (!signal.aborted) {
    console.error(error instanceof MissingToolError ? error.message : error);
    process.exitCode = 1;
  }
}

function portNumber(value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('It is a number from 1 to 65535.');
}
