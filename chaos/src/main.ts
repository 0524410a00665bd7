import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { EmbeddedKafka } from '@parley/embedded-kafka';
import { MissingToolError, stopSignal } from '@parley/tools/kafka';
import { audit } from './audit/audit.js';
import type { Violation } from './audit/violation.js';
import { callFigures, eventFigures } from './audit/figures.js';
import { runInProcess } from './in-process/run-in-process.js';
import { EvidenceFolder } from './journal/evidence-folder.js';
import { jsonReport } from './json-report.js';
import type { Outcome } from './outcome.js';
import { callLines, eventLine, violationLines } from './report.js';
import { run } from './run.js';

type DriverName = 'kafkajs' | 'platformatic';

const SEEDS = 2 ** 31;

/** What this process exits with, if not with 0. */
const VIOLATED = 1;
const NOT_COMPLETED = 2;

/** How long everything that was started may take to close, once a signal ends the run or it is over. */
const CLOSED_MS = 30_000;

const options = new Command('npm run chaos --')
  .description(
    'Calls, streams and events while processes and brokers are killed; then an auditor looks at all of it. ' +
      'Fails where a call, an item or an event was lost, wrong or out of order.',
  )
  .option('--seconds <number>', 'how long the storm is', positive, 60)
  .option('--seed <number>', 'which storm it is (default: a random one)', wholeNumber)
  .option('--driver <name>', 'which Kafka client: kafkajs or platformatic', driverName, 'kafkajs' as const)
  .option('--embedded', 'in this process, on embedded brokers', false)
  .option('--keep', 'keep what each process saw also where nothing was violated', false)
  .option('--json', 'a report for programs on standard output, and everything else on the other', false)
  .parse()
  .opts<{
    seconds: number;
    seed?: number;
    driver: DriverName;
    embedded: boolean;
    keep: boolean;
    json: boolean;
  }>();

const { seconds, driver, embedded, keep, json, seed = randomInt(SEEDS) } = options;
const signal = stopSignal();
signal.addEventListener('abort', () => {
  console.error(`${signal.reason}: what was started is closed.`);
  endSoon();
});

const folder = await EvidenceFolder.make(seed);
const again = `--seconds ${seconds} --seed ${seed} --driver ${driver}${embedded ? ' --embedded' : ''}`;
say(`npm run chaos -- ${again}`);
try {
  const outcome = embedded ? await onEmbedded() : await onReal();
  const violations = audit(outcome.evidence);
  const kept = keep || violations.length > 0;
  if (violations.length > 0) process.exitCode = VIOLATED;
  if (kept) await folder.keep(outcome);
  else await folder.remove();
  const path = kept ? folder.path : undefined;
  if (json)
    console.log(JSON.stringify(jsonReport({ seed, seconds, driver, embedded }, outcome, violations, path)));
  else tell(outcome, violations, path);
} catch (error) {
  process.exitCode = NOT_COMPLETED;
  if (!signal.aborted) console.error(error instanceof MissingToolError ? error.message : error);
  console.error(`The run was not completed. What each process saw is in ${folder.path}.`);
}
endSoon();
// Nothing is left to do then. Node's own way out waits, with its timers stopped, for what the system does not give back.
process.once('beforeExit', () => process.exit());

/** What is left behind, or does not close, keeps this process no longer. */
function endSoon(): void {
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().join(', ');
    console.error(`Not everything closed within ${CLOSED_MS / 1_000} s: ${left}`);
    process.exit(NOT_COMPLETED);
  }, CLOSED_MS).unref();
}

function onReal(): Promise<Outcome> {
  return run({ seed, seconds, driver, folder: folder.path, log, signal });
}

async function onEmbedded(): Promise<Outcome> {
  await using kafka = await EmbeddedKafka.start({ brokers: 3 });
  return await runInProcess({ seed, seconds, driver, kafka, log, signal });
}

function tell(
  { evidence, faults, beganAt }: Outcome,
  violations: readonly Violation[],
  path: string | undefined,
): void {
  for (const line of callLines(callFigures(evidence.callers))) console.log(line);
  console.log(eventLine(eventFigures(evidence.callers, evidence.servers)));
  for (const line of violationLines(violations, faults, beganAt)) console.log(line);
  if (violations.length === 0) console.log(`Nothing was violated under ${faults.length} faults.`);
  else console.log(`The same storm again: npm run chaos -- ${again}`);
  if (path !== undefined) console.log(`What each process saw is in ${path}.`);
}

/** What is no report of the run goes where it is not taken for one. */
function say(line: string): void {
  if (json) console.error(line);
  else console.log(line);
}

function log(line: string): void {
  say(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}`);
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

function driverName(value: string): DriverName {
  if (value === 'kafkajs' || value === 'platformatic') return value;
  throw new InvalidArgumentError('It is kafkajs or platformatic.');
}
