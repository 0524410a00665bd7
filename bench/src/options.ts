import { Command, InvalidArgumentError } from 'commander';
import { SCENARIOS } from './scenarios.js';
import { SYSTEMS } from './systems.js';

export interface Options {
  systems: string[];
  scenarios: string[];
  seconds: number;
  rounds: number;
  /** Instead of each scenario's own numbers of callers. */
  concurrency?: number[];
  json?: string;
  prof?: string;
  /** Whether docs/bench is written. */
  docs: boolean;
}

const DEFAULT_SECONDS = 4;

/** Reads the command line; prints what is wrong with it, and exits, where it cannot be read. */
export function options(argv: readonly string[]): Options {
  const systems = Object.keys(SYSTEMS).filter(name => !SYSTEMS[name]?.optional);
  const scenarios = Object.keys(SCENARIOS);
  const given = new Command('npm run bench --')
    .description('Measures Parley beside other transports, on a real Kafka (or on KAFKA_BROKERS).')
    .option(
      '--systems <names>',
      `any of ${Object.keys(SYSTEMS).join(',')}`,
      namesOf(Object.keys(SYSTEMS)),
      systems,
    )
    .option('--scenarios <names>', `any of ${scenarios.join(',')}`, namesOf(scenarios), scenarios)
    .option('--seconds <number>', 'how long each rate is counted', positive, DEFAULT_SECONDS)
    .option('--rounds <number>', 'how often everything runs; the median counts', whole, 1)
    .option('--concurrency <numbers>', "callers, instead of each scenario's own", wholes)
    .option('--json <file>', 'where to write environment, rows and ratios')
    .option('--prof <folder>', 'where to write CPU profiles of both processes')
    .option('--docs', 'write docs/bench (default: when everything runs, unprofiled)')
    .option('--no-docs', 'leave docs/bench alone')
    .parse(argv)
    .opts<Omit<Options, 'docs'> & { docs?: boolean }>();
  const everything =
    systems.every(name => given.systems.includes(name)) &&
    scenarios.every(name => given.scenarios.includes(name)) &&
    given.seconds >= DEFAULT_SECONDS &&
    !given.concurrency &&
    !given.prof;
  return { ...given, docs: given.docs ?? everything };
}

function namesOf(known: readonly string[]) {
  return (value: string): string[] => {
    const names = value.split(',').map(name => name.trim());
    const unknown = names.find(name => !known.includes(name));
    if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is none of ${known.join(', ')}.`);
    return known.filter(name => names.includes(name));
  };
}

function positive(value: string): number {
  const number = Number(value);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It is a number above 0.');
}

function whole(value: string): number {
  const number = positive(value);
  if (Number.isInteger(number)) return number;
  throw new InvalidArgumentError('It is a whole number.');
}

function wholes(value: string): number[] {
  return value.split(',').map(whole);
}
