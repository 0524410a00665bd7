import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import type { Figures } from '../scenario.js';
import { audit } from './audit.js';
import type { Caller, Fleet } from './fleet.js';
import { noteOf } from './note.js';
import { answerTimes, lengthOf, longestPause, longestWait } from './pauses.js';

/** More than any system takes by default to notice that a server is gone (kafkajs: 30 s). */
export const RECOVERY_DEADLINE_MS = 60_000;

/** A fleet calls for so long before anything is killed. */
export const WARM_UP_MS = 4_000;

/** How long calls go on after the kill: longer than Kafka takes by default to give a dead member's work to others. */
const AFTER_MS = 15_000;

export interface Recovery {
  fleet: Fleet;
  /** The process that all callers are in. */
  caller: Caller;
  /** Kills what is to be recovered from. */
  kill: () => Promise<void>;
}

/** Kills in the middle of calls, lets them go on, and tells how long any caller was without an answer. */
export async function recover({ fleet, caller, kill }: Recovery): Promise<Figures> {
  const killedAt = clock();
  await kill();
  await sleep(AFTER_MS);
  const until = clock();
  await fleet.share(0, [caller]);
  const { records, handled, errors } = await fleet.take();
  const { failed, lost, wrong } = audit(records, handled);
  const pause = longestPause(answerTimes(records.values()), { from: killedAt, until });
  return {
    failed,
    lost,
    longestPauseMs: lengthOf(pause),
    timeToNextAnswerMs: lengthOf(longestWait(records.values(), killedAt)),
    note: noteOf(wrong > 0 && `${wrong} calls got another's answer`, errors),
  };
}
