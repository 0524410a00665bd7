import { constants } from 'node:os';
import { Command } from 'commander';
import { execa } from 'execa';
import { brokerCount } from './broker-count.js';
import { MissingToolError, startKafka } from './index.js';
import { stopSignal } from './stop-signal.js';

/**
 * Runs a command with KAFKA_BROKERS set: to what it is already, or else to a real Apache Kafka that lives as
 * long as the command. Exits as the command does.
 */
const program = new Command('with-kafka')
  .description('Runs a command against a real Apache Kafka, or against KAFKA_BROKERS where that is set.')
  .option('--brokers <count>', '1 or 3', brokerCount, 1 as const)
  .argument('<command...>', 'the command and its arguments')
  .passThroughOptions()
  .parse();

const signal = stopSignal();
try {
  process.exitCode = await run(program.args);
} catch (error) {
  if (!signal.aborted) console.error(error instanceof MissingToolError ? error.message : error);
  process.exitCode = 1;
}

async function run([command = '', ...args]: readonly string[]): Promise<number> {
  const given = process.env['KAFKA_BROKERS'];
  const kafka = given
    ? undefined
    : await startKafka({ ...program.opts(), signal, log: line => console.error(line) });
  try {
    const child = execa(command, args, {
      stdio: 'inherit',
      preferLocal: true,
      reject: false,
      env: { KAFKA_BROKERS: given || kafka?.bootstrap },
    });
    // Ctrl-C reaches the command by itself, as it is in the same process group; Kafka stays up until it ended.
    signal.addEventListener('abort', () => signal.reason === 'SIGINT' || child.kill('SIGTERM'));
    const result = await child;
    if (result.exitCode !== undefined) return result.exitCode;
    if (result.signal !== undefined) return 128 + constants.signals[result.signal];
    console.error(result.shortMessage);
    return 127;
  } finally {
    await kafka?.close();
  }
}
