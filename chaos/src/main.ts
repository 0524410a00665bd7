import { randomInt } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { MissingToolError } from '@parley/tools/kafka';
import { audit } from './audit/audit.js';
import { callFigures, eventFigures } from './audit/figures.js';
import { callLines, eventLine, violationLines } from './report.js';
import { run } from './run.js';

const SEEDS = 2 ** 31;

const { seconds, seed, driver } = new Command('npm run chaos --')
  .description(
    'Calls, streams and events while processes and brokers are killed; then an auditor looks at all of it.',
  )
  .option('--seconds <number>', 'how long the storm is', positive, 60)
  .option('--seed <number>', 'which storm it is (default: a random one)', wholeNumber, randomInt(SEEDS))
  .option('--driver <name>', 'which Kafka client: kafkajs or platformatic', driverName, 'kafkajs' as const)
  .parse()
  .opts<{ seconds: number; seed: number; driver: 'kafkajs' | 'platformatic' }>();

const over = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => (over.signal.aborted ? process.exit(1) : over.abort(name)));

const folder = join(process.cwd(), '.data', `chaos-${seed}-${Date.now()}`);
await mkdir(folder, { recursive: true });
console.log(`npm run chaos -- --seconds ${seconds} --seed ${seed} --driver ${driver}`);
try {
  const { evidence, faults, beganAt } = await run({
    seed,
    seconds,
    driver,
    folder,
    log: line => console.log(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}`),
    signal: over.signal,
  });
  const violations = audit(evidence);
  for (const line of callLines(callFigures(evidence.callers))) console.log(line);
  console.log(eventLine(eventFigures(evidence.callers, evidence.servers)));
  for (const line of violationLines(violations, faults, beganAt)) console.log(line);
  if (violations.length === 0) {
    console.log(`Nothing was violated under ${faults.length} faults.`);
    await rm(folder, { recursive: true });
  } else {
    console.log(`What each process saw is in ${folder}; run it again with --seed ${seed}.`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof MissingToolError ? error.message : error);
  console.error(`What each process saw is in ${folder}; run it again with --seed ${seed}.`);
  process.exitCode = 1;
}

function positive(value: string): number {
  const number = Number(value);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It is a number above 0.');
}

function wholeNumber(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number < SEEDS) return number;
  throw new InvalidArgumentError(`It is a whole number from 0 to ${SEEDS - 1}.`);
}

function driverName(value: string): 'kafkajs' | 'platformatic' {
  if (value === 'kafkajs' || value === 'platformatic') return value;
  throw new InvalidArgumentError('It is kafkajs or platformatic.');
}
