import { type CallRecords, isAnswer, outcomeOf } from './call-log.js';

/** A time in which nothing was answered, in milliseconds of the machine's clock. */
export interface Pause {
  from: number;
  until: number;
}

export function lengthOf({ from, until }: Pause): number {
  return until - from;
}

/** When each answer came, over the whole fleet, in order. */
export function answerTimes(records: Iterable<CallRecords>): Float64Array {
  const times: number[] = [];
  for (const calls of records)
    for (let call = 0; call < calls.endedAt.length; call++)
      if (isAnswer(outcomeOf(calls, call))) times.push(calls.endedAt[call] ?? NaN);
  return Float64Array.from(times).toSorted();
}

/** The longest time within the span in which no answer came; its ends count as answers. */
export function longestPause(times: Float64Array, span: Pause): Pause {
  let longest: Pause = { from: span.from, until: span.from };
  let from = span.from;
  for (const time of [...times.filter(time => time > span.from && time < span.until), span.until]) {
    if (time - from > lengthOf(longest)) longest = { from, until: time };
    from = time;
  }
  return longest;
}

/**
 * The longest time for which any one caller had no answer, counted from `since` on: from then, or from its last
 * answer, until its next. A call that failed does not end it. A caller without any further answer ends with its last
 * call.
 */
export function longestWait(records: Iterable<CallRecords>, since: number): Pause {
  let longest: Pause = { from: since, until: since };
  for (const calls of records) {
    const lastAnswers = new Map<number, number>();
    for (const call of inOrderOfEnd(calls)) {
      const until = calls.endedAt[call] ?? NaN;
      const caller = calls.caller[call] ?? 0;
      const from = Math.max(since, lastAnswers.get(caller) ?? since);
      if (until - from > lengthOf(longest)) longest = { from, until };
      if (isAnswer(outcomeOf(calls, call))) lastAnswers.set(caller, until);
    }
  }
  return longest;
}

/** The call that took longest to be answered, of those that ended within the span. */
export function slowestCall(records: Iterable<CallRecords>, span: Pause): Pause {
  let slowest: Pause = { from: span.from, until: span.from };
  for (const calls of records)
    for (let call = 0; call < calls.endedAt.length; call++) {
      const [from, until] = [calls.askedAt[call] ?? NaN, calls.endedAt[call] ?? NaN];
      if (until < span.from || until > span.until || !isAnswer(outcomeOf(calls, call))) continue;
      if (until - from > lengthOf(slowest)) slowest = { from, until };
    }
  return slowest;
}

/** The numbers of the calls that ended. */
function inOrderOfEnd({ endedAt }: CallRecords): number[] {
  return Array.from(endedAt.keys())
    .filter(call => !Number.isNaN(endedAt[call]))
    .toSorted((a, b) => (endedAt[a] ?? 0) - (endedAt[b] ?? 0));
}
