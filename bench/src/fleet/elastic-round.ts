import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import type { Figures } from '../scenario.js';
import { audit } from './audit.js';
import type { Caller, Evidence, Fleet, Server } from './fleet.js';
import { noteOf } from './note.js';
import { answerTimes, lengthOf, longestPause, type Pause, slowestCall } from './pauses.js';

/** How long each of the two parts takes: in the first only callers change, in the second only servers. */
const PART_MS = 10_000;

/** Who comes and goes. All that come have been booted, none of them started or connected. */
export interface Round {
  fleet: Fleet;
  concurrency: number;
  /** Calls already, from as many callers as `concurrency` says, and stays. */
  lasting: Caller;
  /** Come one after the other, and leave again. */
  passing: readonly Caller[];
  /** In each step the newcomer starts, and once it takes calls the leaver ends. */
  rolled: readonly { newcomer: Server; leaver: Server }[];
}

/** When each part was. */
export interface Parts {
  callers: Pause;
  servers: Pause;
}

/** Lets callers come and go, then rolls the servers, all by SIGTERM; resolves once no call is open. */
export async function elasticRound({ fleet, concurrency, lasting, passing, rolled }: Round): Promise<Parts> {
  const connected = [lasting];
  const grow = (caller: Caller) => async (): Promise<void> => {
    await fleet.connect(caller);
    connected.push(caller);
    await fleet.share(concurrency, connected);
  };
  const shrink = async (): Promise<void> => {
    const leaver = connected.pop();
    await Promise.all([leaver?.terminate(), fleet.share(concurrency, connected)]);
  };
  const callers = await inSteps([...passing.map(grow), ...passing.map(() => shrink)]);
  const servers = await inSteps(
    rolled.flatMap(({ newcomer, leaver }) => [() => fleet.start(newcomer), () => leaver.terminate()]),
  );
  await fleet.share(0, connected);
  return { callers, servers };
}

/** What a round showed. */
export function elasticFigures({ records, handled, errors }: Evidence, { callers, servers }: Parts): Figures {
  const { answered: _answered, calls: _calls, wrong, ...counts } = audit(records, handled);
  const times = answerTimes(records.values());
  const span = { from: callers.from, until: servers.until };
  const answered = times.filter(time => time >= span.from && time <= span.until).length;
  const slowest = [callers, servers].map(part => lengthOf(slowestCall(records.values(), part)).toFixed(0));
  return {
    rps: (answered * 1_000) / lengthOf(span),
    ...counts,
    longestPauseMs: lengthOf(longestPause(times, span)),
    longestPauseCallersMs: lengthOf(longestPause(times, callers)),
    note: noteOf(
      `slowest call ${slowest[0]} ms while callers change, ${slowest[1]} ms while servers do`,
      wrong > 0 && `${wrong} calls got another's answer`,
      lengthOf(span) > 2.1 * PART_MS && `took ${(lengthOf(span) / 1_000).toFixed(0)} s`,
      errors,
    ),
  };
}

/** Takes the steps spread evenly over a part; a late step delays those after it, and the end. */
async function inSteps(steps: readonly (() => Promise<unknown>)[]): Promise<Pause> {
  const from = clock();
  const until = (ms: number) => sleep(Math.max(0, from + ms - clock()));
  for (const [index, step] of steps.entries()) {
    await until(((index + 1) * PART_MS) / (steps.length + 1));
    await step();
  }
  await until(PART_MS);
  return { from, until: clock() };
}
