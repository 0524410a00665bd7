import { describe, expect, it, vi } from 'vitest';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { FakeSdk } from '../../telemetry/spec/fake-sdk.js';
import { PARLEY_HEADER } from '../../wire/header.js';
import type { Status } from '../../wire/status.js';
import { InboxRequests } from './inbox-requests.js';

function start(concurrency = 2) {
  const begun: (string | undefined)[] = [];
  const finish: (() => void)[] = [];
  const work = vi.fn((_record: ReceivedRecord, redelivered: boolean, refusal?: Status) => ({
    lane: undefined,
    run: () => {
      expect(redelivered).toBe(false);
      begun.push(refusal?.code);
      return new Promise<void>(resolve => finish.push(resolve));
    },
  }));
  const requests = new InboxRequests({ work }, concurrency);
  const send = (callId: string) =>
    requests.take({
      topic: 'i',
      partition: 0,
      offset: 0,
      timestamp: 0,
      key: null,
      value: null,
      headers: { [PARLEY_HEADER]: Buffer.from(`1 request ${callId.padEnd(22, '-')} ${'p'.repeat(1000)}`) },
    });
  return { requests, begun, finish, send, work };
}

describe('InboxRequests', () => {
  it('run side by side up to a bound, and are refused beyond it', async () => {
    const { requests, begun, finish, send } = start(2);
    for (const callId of ['a', 'b', 'c']) send(callId);
    expect(begun).toEqual([undefined, undefined, 'RESOURCE_EXHAUSTED']);
    expect(requests.running).toBe(2);
    finish[2]!();
    await new Promise(setImmediate);
    expect(requests.running).toBe(2);
    finish[0]!();
    await vi.waitFor(() => expect(requests.running).toBe(1));
    send('d');
    expect(begun.at(-1)).toBeUndefined();
  });

  it('are dropped and counted where more refusals are on their way than are kept', () => {
    const sdk = new FakeSdk().start();
    try {
      const { begun, send } = start(1);
      for (let n = 0; n < 1003; n += 1) send(`c${n}`);
      expect(begun).toHaveLength(1001);
      const dropped = sdk.of('parley.dropped_records').map(({ attributes }) => attributes['error.type']);
      expect(dropped).toEqual(['RESOURCE_EXHAUSTED', 'RESOURCE_EXHAUSTED']);
    } finally {
      sdk.stop();
    }
  });

  it('run once, however often the broker was sent them', () => {
    const { begun, send } = start(9);
    for (const callId of ['a', 'b', 'a', 'a']) send(callId);
    expect(begun).toHaveLength(2);
  });

  it('free their slot where they fail too', async () => {
    const { requests, work, send } = start(1);
    work.mockReturnValueOnce({ lane: undefined, run: () => Promise.reject(new Error('broken')) });
    send('a');
    await vi.waitFor(() => expect(requests.running).toBe(0));
  });

  it('are refused while the server drains', () => {
    const { requests, begun, send } = start();
    requests.drain();
    send('a');
    expect(begun).toEqual(['UNAVAILABLE']);
    expect(requests.running).toBe(0);
  });

  it('are dropped in silence where a thousand refusals wait already', async () => {
    const { begun, finish, send } = start(1);
    for (let n = 0; n < 5000; n += 1) send(String(n));
    expect(begun).toHaveLength(1001);
    finish[1]!();
    await new Promise(setImmediate);
    send('later');
    expect(begun).toHaveLength(1002);
  });

  it('remember no more than a bound of them', () => {
    const { begun, send } = start(100_000);
    for (let n = 0; n < 10_001; n += 1) send(String(n));
    send('0');
    send('10000');
    expect(begun).toHaveLength(10_002);
  });
});
