import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Driver, PartitionLeader, ReceivedRecord, TailOptions } from '../drivers/driver.js';
import { encodeFrame, type Frame } from '../wire/frame.js';
import { encodeHeader, PARLEY_HEADER } from '../wire/header.js';
import { CHECK_EVERY_MS, Inbox } from './inbox.js';

interface FakeTail {
  options: TailOptions;
  reading: boolean;
  closed: boolean;
}

const credit: Frame = { kind: 'credit', callId: 'c', execution: 'e', items: 1, bytes: 1 };

describe('Inbox', () => {
  let leaders: PartitionLeader[];
  let tails: FakeTail[];
  let held: boolean;
  let log: unknown[];
  let inbox: Inbox;

  const driver = {
    partitions: async () => leaders,
    tail: async (options: TailOptions) => {
      const tail = { options, reading: true, closed: false, close: async () => void (tail.closed = true) };
      tails.push(tail);
      return tail;
    },
  } as unknown as Driver;

  function record(header: string | undefined, value = encodeFrame(credit)): ReceivedRecord {
    const headers: Record<string, Buffer> =
      header === undefined ? {} : { [PARLEY_HEADER]: Buffer.from(header) };
    return { topic: 'i', partition: 0, offset: 0, timestamp: 0, key: null, value, headers };
  }

  const receive = (tail: FakeTail, one: ReceivedRecord) =>
    tail.options.onBatch({ topic: 'i', partition: 0, epoch: 0, records: [one], highWatermark: 1 });
  const checks = (times: number) => vi.advanceTimersByTimeAsync(CHECK_EVERY_MS * times);
  const own = encodeHeader({ kind: 'frames', instance: 'me' });

  beforeEach(async () => {
    vi.useFakeTimers();
    leaders = [
      { partition: 0, leader: 1 },
      { partition: 1, leader: 2 },
    ];
    tails = [];
    log = [];
    held = true;
    const events = {
      onFrames: (frames: readonly Frame[]) => log.push(...frames),
      onRequest: ({ partition }: ReceivedRecord) => log.push(`request of ${partition}`),
      onGap: () => log.push('gap'),
      onMalformed: (error: Error) => log.push(error.message),
      onMoved: (partition: number) => {
        log.push(`moved to ${partition}`);
        return () => held;
      },
    };
    inbox = new Inbox(driver, 'i', 'me', events, () => 0);
    await inbox.open();
  });

  afterEach(async () => {
    await inbox.close();
    vi.useRealTimers();
  });

  it('reads one partition from its end', () => {
    expect(tails[0]!.options).toMatchObject({ topic: 'i', partitions: [0], from: 'end' });
    expect(inbox.address).toEqual({ topic: 'i', partition: 0, instance: 'me' });
  });

  it('takes what every instance is asked, once', () => {
    const request = encodeHeader({
      kind: 'request',
      callId: 'c',
      pattern: 'p',
      replyTo: { topic: 'i', partition: 1, instance: 'me' },
      timeoutMs: 1000,
      credit: 2,
      creditBytes: 1000,
      resumeFrom: 0,
      attempt: 1,
      contentType: 'j',
      correlationId: 'c',
    });
    receive(tails[0]!, record(request));
    receive(tails[0]!, { ...record(request), partition: 1 });
    receive(tails[0]!, record('1 request'));
    expect(log).toEqual(['request of 0']);
  });

  it('takes what is addressed to this instance, and nothing else', () => {
    receive(tails[0]!, record(own));
    receive(tails[0]!, record(encodeHeader({ kind: 'frames', instance: 'another' })));
    receive(tails[0]!, record(undefined));
    expect(log).toEqual([credit]);
  });

  it('tells of records for this instance that it cannot read, and goes on', () => {
    receive(tails[0]!, record(own, Buffer.from([0, 9, 0])));
    receive(tails[0]!, record('9 frames me'));
    receive(tails[0]!, record(own));
    expect(log).toEqual([
      'a frame is cut off at byte 0',
      'protocol version "9"; this process speaks 1',
      credit,
    ]);
  });

  it('does not move for an election', async () => {
    tails[0]!.reading = false;
    leaders[0]!.leader = -1;
    await checks(1);
    leaders[0]!.leader = 2;
    await checks(2);
    expect(log).toEqual([]);
    expect(inbox.partitions).toEqual([0]);
  });

  it('moves when its partition stays without a leader, and reads the old one until its calls have ended', async () => {
    tails[0]!.reading = false;
    leaders[0]!.leader = -1;
    await checks(2);
    expect(log).toEqual(['moved to 1']);
    expect(inbox.address.partition).toBe(1);
    expect(inbox.partitions).toEqual([1, 0]);
    receive(tails[0]!, record(own));
    expect(log).toEqual(['moved to 1', credit]);
    held = false;
    await checks(1);
    expect(inbox.partitions).toEqual([1]);
    expect(tails[0]!.closed).toBe(true);
  });

  it('stays where it is while no partition has a leader', async () => {
    tails[0]!.reading = false;
    for (const entry of leaders) entry.leader = -1;
    await checks(5);
    expect(inbox.partitions).toEqual([0]);
  });

  it('closes all it reads', async () => {
    tails[0]!.reading = false;
    leaders[0]!.leader = -1;
    await checks(2);
    await inbox.close();
    expect(tails.map(({ closed }) => closed)).toEqual([true, true]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
