import type { Asked, Ended } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import { answerTo, isStream, noted, type Question } from '../load/question.js';
import type { Violation } from './violation.js';

/** What a call may fail with while servers and brokers come and go. No other status has anything to do with that. */
const PERMITTED: readonly (string | undefined)[] = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'];

/** How much later than its deadline a call may end: what a timer of a busy process on a busy machine may be late. */
const TOLERANCE_MS = 1_000;

/**
 * How much longer a stream may take than its items do: it is found out that its server died, another group member
 * takes over, brokers are away meanwhile.
 */
const STREAM_TOLERANCE_MS = 30_000;

/**
 * Every call ended exactly once and in time, with the right answer or with a status that is none of a bug; a stream's
 * items came in order, without gap and without duplicate, up to its end. Calls that were open when their process was
 * killed are left out, unless their time was over already.
 */
export function auditCalls(journal: Journal): Violation[] {
  const { process, entries, killedAt } = journal;
  const open = new Map<string, Asked>();
  const known = new Set<string>();
  const violations: Violation[] = [];
  const tell = (rule: string, what: string, from: number, until: number) =>
    violations.push({ rule, what, process, from, until });

  for (const entry of entries) {
    if (entry.is === 'asked') {
      open.set(entry.question.call, entry);
      known.add(entry.question.call);
    }
    if (entry.is !== 'ended') continue;
    const asked = open.get(entry.call);
    open.delete(entry.call);
    if (!asked) {
      const what = known.has(entry.call) ? 'ended a second time' : 'ended, and was never made';
      tell('a call ends once', `${entry.call} ${what}`, entry.at, entry.at);
      continue;
    }
    const { question, at } = asked;
    const fault = isStream(question) ? streamFault(question, entry) : answerFault(question, entry);
    if (fault) tell(fault.rule, `${question.kind} ${entry.call} ${fault.what}`, at, entry.at);
    const late = entry.at - latestEnd(asked);
    if (late > 0)
      tell(
        'a call ends in time',
        `${nameOf(asked)} ended ${seconds(late)} too late, ${outcome(entry)}`,
        at,
        entry.at,
      );
  }

  const lastSeen = killedAt ?? entries.at(-1)?.at ?? 0;
  for (const asked of open.values())
    if (killedAt === undefined || latestEnd(asked) < killedAt)
      tell('a call ends', `${nameOf(asked)} never ended`, asked.at, lastSeen);
  return violations;
}

function latestEnd({ at, withinMs, question }: Asked): number {
  if (!isStream(question)) return at + withinMs + TOLERANCE_MS;
  return at + withinMs + (question.items ?? 0) * (question.everyMs ?? 0) + STREAM_TOLERANCE_MS;
}

interface Fault {
  rule: string;
  what: string;
}

function answerFault(question: Question, { answers = [], status, message }: Ended): Fault | undefined {
  const expected = noted(answerTo(question));
  const wrong = answers.find(answer => answer !== expected);
  if (wrong !== undefined) return { rule: 'an answer is right', what: `was answered ${wrong}` };
  if (answers.length > 1) return { rule: 'a call has one answer', what: `has ${answers.length} answers` };
  if (status === undefined)
    return answers.length === 1
      ? undefined
      : { rule: 'a call has one answer', what: 'completed without any' };
  if (answers.length === 1)
    return { rule: 'a call ends once', what: `was answered, and failed ${status}: ${message}` };
  return statusFault(status, message);
}

function streamFault({ items = 0 }: Question, ended: Ended): Fault | undefined {
  const { runs = [], strays = [], status, message } = ended;
  if (strays.length > 0) return { rule: 'an item is right', what: `got ${strays.join(', ')}` };
  const shown = runs.map(([first, last]) => `${first}-${last}`).join(', ') || 'nothing';
  if (runs.length > 1 || (runs[0] && runs[0][0] !== 0))
    return { rule: 'items are in order', what: `got ${shown} of ${items} items` };
  const count = runs[0] ? runs[0][1] + 1 : 0;
  if (count > items) return { rule: 'items are in order', what: `got ${shown} of ${items} items` };
  if (status === undefined)
    return count === items
      ? undefined
      : { rule: 'a stream is whole', what: `completed with ${shown} of ${items} items` };
  return statusFault(status, `${message} (after ${count} of ${items} items)`);
}

function statusFault(status: string, message: string | undefined): Fault | undefined {
  if (PERMITTED.includes(status)) return undefined;
  return { rule: 'a failure says UNAVAILABLE or DEADLINE_EXCEEDED', what: `failed ${status}: ${message}` };
}

function nameOf({ question, withinMs }: Asked): string {
  return `${question.kind} ${question.call} (within ${seconds(withinMs)})`;
}

function outcome({ status, message }: Ended): string {
  return status === undefined ? 'well' : `${status}: ${message}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
