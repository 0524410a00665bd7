import { Command, InvalidArgumentError } from 'commander';
import { MissingToolError } from '@parley/tools/kafka';
import { Clusters } from '../clusters.js';
import { Fleet } from '../fleet/fleet.js';
import { rowLine } from '../report/summary.js';
import { SYSTEMS } from '../systems.js';
import { type Growth, growths, LEAST_SETTLED, settled, type TimedSample } from './growth.js';
import { soak } from './soak.js';
import { growthTable, minutesOf, sampleCells } from './table.js';

const CONCURRENCY = 64;

const { minutes, system } = new Command('npm run soak --')
  .description('Loops the elastic scenario and fails where a process that lives through it grows.')
  .option('--minutes <number>', 'how long', positive, 10)
  .option('--system <name>', 'which system', scalable, 'parley')
  .parse()
  .opts<{ minutes: number; system: string }>();

const clusters = new Clusters(process.env['KAFKA_BROKERS'], line => console.error(line));
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof MissingToolError ? error.message : error);
  process.exitCode = 1;
} finally {
  await clusters.close();
}

/** Whether all went well. */
async function run(): Promise<boolean> {
  const { brokers } = await clusters.ofSize(1);
  const fleet = new Fleet({ system, scenario: 'soak', brokers, execArgv: ['--expose-gc'] });
  const server: TimedSample[] = [];
  const caller: TimedSample[] = [];
  let kept = true;
  try {
    for await (const round of soak({ fleet, concurrency: CONCURRENCY, minutes })) {
      server.push(round.server);
      caller.push(round.caller);
      const { failed = 0, lost = 0, duplicated = 0 } = round.figures;
      kept &&= failed + lost + duplicated === 0;
      const row = { system, scenario: 'elastic', concurrency: CONCURRENCY, ...round.figures };
      console.log(`${minutesOf(round.server)}  ${rowLine(row)}`);
      console.log(`${' '.repeat(11)}server  ${sampleCells(round.server)}`);
      console.log(`${' '.repeat(11)}caller  ${sampleCells(round.caller)}`);
    }
  } catch (error) {
    if (fleet.output) console.error(fleet.output);
    throw error;
  } finally {
    await fleet.close();
  }
  return tell(new Map(Object.entries({ server: growths(server), caller: growths(caller) })), server, kept);
}

/** Prints what came of it. */
function tell(all: ReadonlyMap<string, Growth[]>, samples: readonly TimedSample[], kept: boolean): boolean {
  const judged = settled(samples).length;
  const grew = [...all.values()].flat().some(growth => growth.grew);
  console.log(`\n${growthTable(all)}\n`);
  if (judged < LEAST_SETTLED)
    console.log(`Too short to tell growth: ${judged} settled samples, and it takes ${LEAST_SETTLED}.`);
  else console.log(grew ? 'Something grew.' : `Nothing grew over ${judged} settled samples.`);
  if (!kept) console.log('Calls failed, were lost or were duplicated.');
  return !grew && kept;
}

function positive(value: string): number {
  const number = Number(value);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It is a number above 0.');
}

function scalable(value: string): string {
  if (SYSTEMS[value]?.scales) return value;
  const names = Object.keys(SYSTEMS).filter(name => SYSTEMS[name]?.scales);
  throw new InvalidArgumentError(`It is one of ${names.join(', ')}.`);
}
