import { describe, expect, it } from 'vitest';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { PARLEY_HEADER } from '../../wire/header.js';
import type { Status } from '../../wire/status.js';
import { CallerShares } from './caller-shares.js';

function start(limit: number) {
  const begun: (string | undefined)[] = [];
  const ends: (() => void)[] = [];
  const work = (_record: ReceivedRecord, _redelivered: boolean, refusal?: Status) => ({
    lane: 'lane',
    run: () => {
      begun.push(refusal?.code);
      return refusal ? Promise.resolve() : new Promise<void>(resolve => ends.push(resolve));
    },
  });
  const shares = new CallerShares({ work }, limit);
  const call = (line: string) => {
    const headers = { [PARLEY_HEADER]: Buffer.from(line) };
    const place = { topic: 't', partition: 0, offset: 0, timestamp: 0 };
    const made = shares.work({ ...place, key: null, value: null, headers }, false);
    return made.run(() => undefined);
  };
  const callOf = (instance: string) => call(`1 request c p t.inbox 0 ${instance} 1000`);
  return { shares, begun, ends, call, callOf };
}

describe('callers', () => {
  it('have no more than their share of the slots, each its own', async () => {
    const { shares, begun, ends, callOf } = start(2);
    const first = callOf('greedy');
    for (const caller of ['greedy', 'greedy', 'modest']) void callOf(caller);
    expect(begun).toEqual([undefined, undefined, 'RESOURCE_EXHAUSTED', undefined]);
    ends[0]!();
    await first;
    void callOf('greedy');
    expect(begun.at(-1)).toBeUndefined();
    for (const end of ends) end();
    await new Promise(setImmediate);
    expect(shares.size).toBe(0);
  });

  it('that do not say who they are have none', () => {
    const { shares, begun, call } = start(1);
    for (const line of ['', 'nonsense', '1 event m p j c']) void call(line);
    expect(begun).toEqual([undefined, undefined, undefined]);
    expect(shares.size).toBe(0);
  });
});
