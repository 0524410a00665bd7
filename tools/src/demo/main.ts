import { once } from 'node:events';
import { styleText } from 'node:util';
import { Command } from 'commander';
import getPort from 'get-port';
import { startInfra } from '../infra/index.js';
import { stopSignal } from '../kafka/stop-signal.js';
import { Fleet } from './fleet.js';
import { GatewayClient } from './gateway-client.js';
import { play } from './scenario/index.js';
import { StepFailed, Steps } from './steps.js';

/** A run that takes longer than this has failed, whatever it waits for. */
const SCENARIO_TIMEOUT_MS = 120_000;

const USUAL_GATEWAY_PORT = 3000;

const { once: endsItself, logs } = new Command('npm run demo --')
  .description(
    'Starts a broker, a database and the four sample services, and plays a scenario through the gateway.',
  )
  .option('--once', 'end after the scenario: 0 when every step did what it should')
  .option('--logs', 'show what the services print')
  .parse()
  .opts<{ once?: true; logs?: true }>();

const stop = stopSignal();
const closing: (() => Promise<void>)[] = [];
try {
  await run();
} catch (error) {
  if (!stop.aborted) {
    if (!(error instanceof StepFailed)) console.error(error);
    process.exitCode = 1;
  }
} finally {
  if (stop.aborted) console.log('\nStopping.');
  for (const close of closing.toReversed()) await close();
}
if (endsItself && stop.aborted) process.exitCode = 1;

async function run(): Promise<void> {
  const timeout = AbortSignal.timeout(SCENARIO_TIMEOUT_MS);
  const signal = AbortSignal.any([stop, timeout]);
  const steps = new Steps({ print: line => console.log(line), signal });

  steps.heading('Start');
  const starting = startInfra();
  closing.push(async () => (await starting).close());
  const infra = await steps.step('Kafka and Postgres', () => starting);
  const gatewayPort = Number(process.env['PORT']) || (await getPort({ port: USUAL_GATEWAY_PORT }));
  const fleet = await Fleet.start({ infra, gatewayPort, onLine: logs && printLine });
  closing.push(() => fleet.stop());
  await steps.step('auth, user, notification and gateway, each a process', () => fleet.ready());

  const gateway = new GatewayClient(fleet.get('gateway').url, signal);
  await play({ steps, gateway, fleet });
  console.log(`\n${styleText('green', steps.summary())}`);
  if (endsItself) return;

  fleet.supervise(service =>
    console.log(`${service.name} ended and was started again, as process ${service.pid}.`),
  );
  console.log(`The page: ${styleText('bold', `http://localhost:${gatewayPort}`)}`);
  console.log(`${fleet.describe()}. Kill one, and watch it come back. Ctrl-C stops everything.`);
  await once(stop, 'abort');
}

function printLine(name: string, line: string): void {
  console.log(styleText('dim', `${name.padEnd(12)} ${line}`));
}
