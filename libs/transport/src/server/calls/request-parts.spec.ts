import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '@nestjs/common';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { encodeHeader, PARLEY_HEADER } from '../../wire/header.js';
import { partsOf, type Part } from '../../wire/parts.js';
import type { Status } from '../../wire/status.js';
import { RequestParts, type RequestPartsOptions } from './request-parts.js';

interface Run {
  data: Buffer | null;
  refusal: Status | undefined;
  handOver(): void;
  finish(): void;
  fail(): void;
}

/** What becomes of a record's offset. */
type Outcome = 'open' | 'done' | 'kept';

function start(options: Partial<RequestPartsOptions> = {}) {
  const runs: Run[] = [];
  const clock = { now: 1000 };
  const calls = {
    work: (record: ReceivedRecord, _redelivered: boolean, refusal?: Status) => ({
      lane: 'lane',
      run: (done: () => void) =>
        new Promise<void>((resolve, reject) =>
          runs.push({
            data: record.value,
            refusal,
            handOver: done,
            finish: resolve,
            fail: () => reject(new Error('drained')),
          }),
        ),
    }),
  };
  const parts = new RequestParts(calls, { maxItemBytes: 50_000, now: () => clock.now, ...options });
  /** As the consumption does it. */
  const receive = (line: string, value: Buffer | null, partition = 0) => {
    const headers = { [PARLEY_HEADER]: Buffer.from(line) };
    const work = parts.work(
      { topic: 't', partition, offset: 0, timestamp: clock.now, key: null, value, headers },
      false,
    );
    const record: { outcome: Outcome } = { outcome: 'open' };
    const done = () => void (record.outcome = 'done');
    const settled = 'kept' in work ? work.kept : work.run(done);
    settled.then(done, () => (record.outcome = 'kept'));
    return record;
  };
  const part = (callId: string, size: number, { at, bytes }: Part, partition = 0) =>
    receive(
      encodeHeader({ kind: 'part', callId, attempt: 1, at, size, timeoutMs: 30_000 }),
      bytes,
      partition,
    );
  const request = (callId: string, partedBytes: number, partition = 0) =>
    receive(
      encodeHeader({
        kind: 'request',
        callId,
        pattern: 'p',
        replyTo: { topic: 'i', partition: 0, instance: 'me' },
        timeoutMs: 30_000,
        credit: 1,
        creditBytes: 1,
        resumeFrom: 0,
        attempt: 1,
        contentType: 'j',
        correlationId: 'c',
        partedBytes,
      }),
      null,
      partition,
    );
  return { parts, runs, clock, receive, part, request };
}

const data = (size: number) => Buffer.from(Array.from({ length: size }, (_, index) => (index * 7) % 256));
const settled = () => vi.advanceTimersByTimeAsync(0);

describe('RequestParts', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('are put together, and done with their request and not before', async () => {
    const { parts, runs, part, request } = start();
    const records = partsOf(data(5000), 2000).map(one => part('c', 5000, one));
    const last = request('c', 5000);
    await settled();
    expect(runs).toMatchObject([{ data: data(5000), refusal: undefined }]);
    expect([...records, last].map(({ outcome }) => outcome)).toEqual(Array(4).fill('open'));
    runs[0]!.handOver();
    await settled();
    expect([...records, last].map(({ outcome }) => outcome)).toEqual(Array(4).fill('done'));
    expect(parts.bytes).toBe(0);
  });

  it('stay Kafka’s where their request does', async () => {
    const { runs, part, request } = start();
    const records = [part('c', 2000, { at: 0, bytes: data(2000) }), request('c', 2000)];
    await settled();
    runs[0]!.fail();
    await settled();
    expect(records.map(({ outcome }) => outcome)).toEqual(['kept', 'kept']);
  });

  it('are dropped when nobody waits for their request any more', async () => {
    const { parts, clock, part } = start();
    const record = part('c', 9000, { at: 0, bytes: data(2000) });
    clock.now += 29_999;
    await vi.advanceTimersByTimeAsync(1000);
    expect(record.outcome).toBe('open');
    clock.now += 1000;
    await vi.advanceTimersByTimeAsync(1000);
    expect(record.outcome).toBe('done');
    expect(parts.bytes).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['none came', 4000, 'DATA_LOSS', '0 of 4000 bytes'],
    [
      'it is beyond the limit',
      50_001,
      'INVALID_ARGUMENT',
      'weighs 50001 bytes; the limit of its server is 50000',
    ],
  ])('have their request refused where %s', async (_, size, code, message) => {
    const { runs, part, request } = start();
    if (size > 50_000) expect(part('c', size, { at: 0, bytes: data(2000) })).toBeDefined();
    request('c', size);
    await settled();
    expect(runs[0]!.refusal).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it('have their request refused where there is no room for them, beside others that are', async () => {
    const { parts, runs, part, request } = start({ maxBytes: 5000 });
    part('a', 4000, { at: 0, bytes: data(4000) });
    part('b', 4000, { at: 0, bytes: data(4000) });
    for (const callId of ['b', 'a']) request(callId, 4000);
    await settled();
    expect(runs.map(({ refusal }) => refusal?.code)).toEqual(['RESOURCE_EXHAUSTED', undefined]);
    expect(parts.bytes).toBe(0);
  });

  it('take no more calls than a bound, and leave other records alone', async () => {
    const { parts, runs, part, receive } = start();
    const oldest = part('oldest', 9000, { at: 8999, bytes: data(1) });
    for (let n = 1; n < 10_000; n += 1) part(`c${n}`, 9000, { at: 8999, bytes: data(1) });
    const beyond = part('beyond', 9000, { at: 8999, bytes: data(1) });
    await settled();
    expect([oldest.outcome, beyond.outcome]).toEqual(['done', 'open']);
    expect(parts.bytes).toBe(10_000);
    for (const line of ['1 part', '1 parted-request x', '1 request c', '2 part', '1 partition'])
      receive(line, null);
    expect(runs).toHaveLength(5);
    parts.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that come twice, or of a request that will be refused, wait for nothing', async () => {
    const { part } = start();
    const first = part('c', 9000, { at: 0, bytes: data(2000) });
    const again = part('c', 9000, { at: 0, bytes: data(2000) });
    const wrong = part('c', 9000, { at: 1000, bytes: data(2000) });
    const late = part('c', 9000, { at: 2000, bytes: data(2000) });
    await settled();
    expect([first, again, wrong, late].map(({ outcome }) => outcome)).toEqual([
      'open',
      'done',
      'done',
      'done',
    ]);
  });

  it('hold up commits for five minutes at most, however often more of them come', async () => {
    const { clock, part } = start();
    const first = part('c', 50_000, { at: 0, bytes: data(2000) });
    for (let minute = 0; minute < 5; minute += 1) {
      for (const seconds of [20, 40, 60]) {
        clock.now += 20_000;
        await vi.advanceTimersByTimeAsync(1000);
        const at = 2000 + 2000 * (minute * 3 + seconds / 20);
        expect(first.outcome).toBe(clock.now < 301_000 ? 'open' : 'done');
        part('c', 50_000, { at, bytes: data(2000) });
      }
    }
  });

  test.prop([
    fc.array(fc.integer({ min: 1, max: 8000 }), { minLength: 1, maxLength: 4 }),
    fc.array(
      fc.record({ at: fc.nat({ max: 9000 }), length: fc.nat({ max: 2000 }), call: fc.nat({ max: 3 }) }),
      {
        maxLength: 3,
      },
    ),
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
  ])(
    'of calls in any order, twice or lost, give each request whole or refused',
    async (sizes, hostile, chance) => {
      const { parts, runs, part, request } = start();
      const random = () => chance.next().value;
      const sent: (() => { outcome: Outcome })[] = [];
      const lost = new Set<number>();
      for (const [call, size] of sizes.entries()) {
        for (const one of partsOf(data(size), 1500 + call)) {
          if (random() < 0.1) lost.add(call);
          else
            for (let n = random() < 0.2 ? 2 : 1; n > 0; n -= 1) sent.push(() => part(`c${call}`, size, one));
        }
      }
      for (const { at, length, call } of hostile) {
        if (!sizes[call]) continue;
        // Zeros where they do not belong may replace nothing that has come, but may come first.
        lost.add(call);
        sent.push(() => part(`c${call}`, sizes[call]!, { at, bytes: Buffer.alloc(length) }));
      }
      sent.sort(() => random() - 0.5);
      const records = sent.map(send => send());
      for (const [call, size] of sizes.entries()) records.push(request(`c${call}`, size));
      await settled();
      for (const [call, size] of sizes.entries()) {
        const run = runs[call]!;
        if (!run.refusal) expect(run.data).toHaveLength(size);
        if (!lost.has(call)) expect(run.data).toEqual(data(size));
        run.finish();
      }
      await settled();
      expect(parts.bytes).toBe(0);
      expect(records.every(({ outcome }) => outcome === 'done')).toBe(true);
    },
  );
});
