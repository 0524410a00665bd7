import { checkDescription, type ServiceDescription } from '@parley/transport';
import { Option, type Command } from 'commander';
import { list } from '../../arguments/list.js';
import { byName, pairs, type Pair } from '../../arguments/pair.js';
import { duration } from '../../arguments/duration.js';
import { UsageError } from '../../usage-error.js';
import { readFleet } from './fleet.js';

/** The options that say what a service does. */
export interface DescriptionFlags {
  file?: string;
  service?: string;
  prefix?: string;
  routing?: 'topic-per-service' | 'topic-per-pattern';
  provision?: 'create' | 'verify' | 'none';
  answers?: string[];
  calledBy?: string[];
  calls?: string[];
  callsPattern?: Pair[];
  callsNest?: Pair[];
  waitForReady: boolean;
  emits?: string[];
  subscribes?: string[];
  broadcasts?: string[];
  retries?: Pair<number>[];
  nestGroup?: string;
}

const FILE = `
The file is a .json file, or a .js or .mjs module's default export, with what the options below say:
  { "service": "orders", "prefix": "", "answers": ["order.get"], "calledBy": ["shop"], "calls": ["user"],
    "emits": ["order.created"], "subscribes": ["user.left", { "event": "user.created", "delaysMs": [10000] }] }
or with several services, whose callers are then those of the file that call them, unless calledBy says otherwise:
  { "prefix": "", "services": [{ "service": "orders", ... }, { "service": "shop", "calls": ["orders"] }] }
Times are in ms there.`;

export function withDescription(command: Command): Command {
  return command
    .option('-f, --file <file>', 'what the services do, in a file')
    .option('-s, --service <name>', 'the service; of a file with several, only this one')
    .option('--prefix <text>', 'what its topics begin with, as in its own options')
    .addOption(
      new Option('--routing <name>', 'as in its own options').choices([
        'topic-per-service',
        'topic-per-pattern',
      ]),
    )
    .addOption(
      new Option('--provision <mode>', 'as in its own options').choices(['create', 'verify', 'none']),
    )
    .option('--answers <pattern,...>', 'patterns of calls that it answers', list)
    .option('--called-by <service,...>', 'who calls it; unless told, it may answer into every inbox', list)
    .option('--calls <service,...>', 'services that it calls', list)
    .option('--calls-pattern <service:pattern,...>', 'the same, where each pattern has a topic', pairs)
    .option('--calls-nest <service:pattern,...>', 'calls to servers of Nest’s built-in transport', pairs)
    .option('--no-wait-for-ready', 'its clients have waitForReady: false')
    .option('--emits <event,...>', 'events that it emits', list)
    .option('--subscribes <event,...>', 'events that it handles', list)
    .option('--broadcasts <event,...>', 'events that each of its instances handles', list)
    .option('--retries <event:delay,...>', 'delays of its retry topics: 500ms, 10s, 5m, 1h', delays)
    .option('--nest-group <group>', 'nestKafka.group: it answers callers of Nest’s built-in transport too')
    .addHelpText('after', FILE);
}

/** What is to be told of. Raises UsageError or TypeError that says what is wrong with it. */
export async function descriptionsOf(flags: DescriptionFlags): Promise<ServiceDescription[]> {
  if (flags.file !== undefined) return fromFile(flags.file, flags);
  if (flags.service === undefined)
    throw new UsageError('say which service: --service <name>, or --file <file> with all that it does');
  return [checkDescription(fromFlags(flags.service, flags))];
}

async function fromFile(file: string, flags: DescriptionFlags): Promise<ServiceDescription[]> {
  const beside = SAID_BY_FILE.find(([name]) => flags[name] !== undefined) ?? [];
  if (beside[1] !== undefined || !flags.waitForReady)
    throw new UsageError(
      `say it by the file or by options: ${beside[1] ?? '--no-wait-for-ready'} is given beside --file`,
    );
  const fleet = await readFleet(file);
  if (flags.service === undefined) return fleet;
  const chosen = fleet.filter(({ service }) => service === flags.service);
  if (chosen.length > 0) return chosen;
  const known = fleet.map(({ service }) => service).join(', ');
  throw new UsageError(`${file} has no service ${JSON.stringify(flags.service)}: it has ${known}`);
}

const SAID_BY_FILE = [
  ['prefix', '--prefix'],
  ['routing', '--routing'],
  ['provision', '--provision'],
  ['answers', '--answers'],
  ['calledBy', '--called-by'],
  ['calls', '--calls'],
  ['callsPattern', '--calls-pattern'],
  ['callsNest', '--calls-nest'],
  ['emits', '--emits'],
  ['subscribes', '--subscribes'],
  ['broadcasts', '--broadcasts'],
  ['retries', '--retries'],
  ['nestGroup', '--nest-group'],
] as const satisfies readonly (readonly [keyof DescriptionFlags, string])[];

function fromFlags(service: string, flags: DescriptionFlags): ServiceDescription {
  const { prefix, routing, provision, answers, calledBy, calls = [], emits, waitForReady, nestGroup } = flags;
  const { callsPattern = [], callsNest = [] } = flags;
  return {
    service,
    waitForReady,
    ...(prefix !== undefined && { prefix }),
    ...(routing && { routing }),
    ...(provision && { provision }),
    ...(answers && { answers }),
    ...(calledBy && { calledBy }),
    ...(emits && { emits }),
    ...(nestGroup !== undefined && { nestKafka: { group: nestGroup } }),
    calls: [
      ...calls,
      ...[...byName(callsPattern)].map(([called, patterns]) => ({ service: called, patterns })),
      ...[...byName(callsNest)].map(([called, patterns]) => ({
        service: called,
        patterns,
        transport: 'nest-kafka' as const,
      })),
    ],
    subscribes: subscribedBy(flags),
  };
}

function delays(text: string, before: readonly Pair<number>[] = []): Pair<number>[] {
  return [...before, ...pairs(text).map(([event, delay]): Pair<number> => [event, duration(delay)])];
}

function subscribedBy({ subscribes = [], broadcasts = [], retries = [] }: DescriptionFlags) {
  const byEvent = byName(retries);
  const stranger = [...byEvent.keys()].find(event => !subscribes.includes(event));
  if (stranger !== undefined)
    throw new UsageError(`--retries tells of ${JSON.stringify(stranger)}, which --subscribes does not`);
  return [
    ...subscribes.map(event => ({ event, delaysMs: byEvent.get(event) ?? [] })),
    ...broadcasts.map(event => ({ event, broadcast: true })),
  ];
}
