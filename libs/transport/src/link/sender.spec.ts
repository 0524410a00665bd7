import { fc, test } from '@fast-check/vitest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DriverError,
  type Driver,
  type OutgoingRecord,
  type PartitionLeader,
  type ProduceOutcome,
} from '../drivers/driver.js';
import { decodeFrames, encodeFrame } from '../wire/frame.js';
import { PART_BYTES } from '../wire/parts.js';
import type { Status } from '../wire/status.js';
import { PATIENCE_MS } from './leader.js';
import { RecordParcel } from './parcel.js';
import type { SenderOptions } from './sender-options.js';
import { Sender } from './sender.js';

interface Request {
  leader: number;
  records: readonly OutgoingRecord[];
  /** Acknowledges everything. */
  succeed(): void;
  answer(outcomes: ProduceOutcome[]): void;
  lose(error: DriverError): void;
}

/** A cluster whose every answer the test gives. */
class FakeCluster {
  readonly requests: Request[] = [];
  leaders: readonly PartitionLeader[] = [
    { partition: 0, leader: 1 },
    { partition: 1, leader: 2 },
  ];
  lookups = 0;
  private ends = new Map<string, number>();

  readonly driver = {
    partitions: async () => {
      this.lookups += 1;
      return this.leaders;
    },
    produce: (leader: number, records: readonly OutgoingRecord[]) =>
      new Promise<ProduceOutcome[]>((resolve, reject) => {
        this.requests.push({
          leader,
          records,
          succeed: () => resolve(this.append(records)),
          answer: resolve,
          lose: reject,
        });
      }),
  } as unknown as Driver;

  append(records: readonly OutgoingRecord[]): ProduceOutcome[] {
    const outcomes = new Map<string, ProduceOutcome>();
    for (const { topic, partition } of records) {
      const key = `${topic}/${partition}`;
      const end = this.ends.get(key) ?? 0;
      if (!outcomes.has(key)) outcomes.set(key, { topic, partition, baseOffset: end });
      this.ends.set(key, end + 1);
    }
    return [...outcomes.values()];
  }

  async request(index: number): Promise<Request> {
    await vi.waitFor(() => expect(this.requests.length).toBeGreaterThan(index));
    return this.requests[index]!;
  }
}

describe('Sender', () => {
  let sender: Sender;
  const outcomes: Record<string, number | Status> = {};
  afterEach(async () => {
    await sender.close(0);
    for (const name of Object.keys(outcomes)) delete outcomes[name];
  });

  function start(options: Partial<SenderOptions> = {}): FakeCluster {
    const cluster = new FakeCluster();
    sender = new Sender(cluster.driver, options);
    return cluster;
  }

  function send(name: string, { partition = 0, bytes = 1, timeoutMs = 60_000 } = {}): RecordParcel {
    const parcel = new RecordParcel(
      { topic: 't', partition, key: null, value: Buffer.alloc(bytes, name), headers: { name } },
      performance.now() + timeoutMs,
      offset => (outcomes[name] = offset),
      status => (outcomes[name] = status),
    );
    const refused = sender.offer(parcel);
    if (refused) outcomes[name] = refused;
    return parcel;
  }

  const framesOf = (name: string) => ({
    take: () => [Buffer.from('frame')],
    delivered: () => (outcomes[name] = 1),
    failed: (status: Status) => (outcomes[name] = status),
  });

  const names = ({ records }: Request) => records.map(({ headers }) => headers['name']);
  const settled = (name: string) => vi.waitFor(() => expect(outcomes).toHaveProperty(name));

  it('keeps one request in flight to a leader; what comes meanwhile leaves in the next', async () => {
    const cluster = start();
    send('a');
    const first = await cluster.request(0);
    send('b');
    send('c');
    expect(names(first)).toEqual(['a']);
    first.succeed();
    const second = await cluster.request(1);
    expect(names(second)).toEqual(['b', 'c']);
    second.succeed();
    await settled('c');
    expect(outcomes).toEqual({ a: 0, b: 1, c: 2 });
  });

  it('lets no leader hold up another', async () => {
    const cluster = start();
    send('hung', { partition: 0 });
    await cluster.request(0);
    send('other', { partition: 1 });
    const second = await cluster.request(1);
    expect(second.leader).toBe(2);
    second.succeed();
    await settled('other');
    expect(outcomes).toEqual({ other: 0 });
  });

  it('sends a batch whose answer was lost again, unchanged, before anything later', async () => {
    const cluster = start();
    send('a');
    send('b');
    const first = await cluster.request(0);
    send('c');
    first.lose(new DriverError('retriable', 'connection reset'));
    const second = await cluster.request(1);
    expect(names(second).slice(0, 2)).toEqual(['a', 'b']);
    expect(second.records.slice(0, 2)).toEqual(first.records);
    second.succeed();
    await settled('b');
  });

  it('asks for the new leader after a move', async () => {
    const cluster = start();
    send('a');
    const first = await cluster.request(0);
    cluster.leaders = [{ partition: 0, leader: 2 }];
    first.answer([
      {
        topic: 't',
        partition: 0,
        baseOffset: -1,
        error: new DriverError('stale', 'moved', 'NOT_LEADER_OR_FOLLOWER'),
      },
    ]);
    const second = await cluster.request(1);
    expect(second.leader).toBe(2);
    second.succeed();
    await settled('a');
  });

  it('takes a partition that the answer left out as not acknowledged', async () => {
    const cluster = start();
    send('a');
    (await cluster.request(0)).answer([]);
    const second = await cluster.request(1);
    second.succeed();
    await settled('a');
    expect(outcomes).toEqual({ a: 0 });
  });

  it('finds the one record that the broker refuses, and fails it alone', async () => {
    const cluster = start();
    for (const name of ['a', 'b', 'bad', 'c', 'd']) send(name);
    void (async () => {
      for (let index = 0; ; index += 1) {
        const request = await cluster.request(index);
        const refused = names(request).includes('bad');
        if (refused)
          request.answer([
            { topic: 't', partition: 0, baseOffset: -1, error: new DriverError('too-large', 'too large') },
          ]);
        else request.succeed();
      }
    })().catch(() => undefined);
    await settled('d');
    expect(outcomes).toMatchObject({ a: 0, b: 1, bad: { code: 'INVALID_ARGUMENT' }, c: 2, d: 3 });
  });

  it('fails a partition that does not exist, and says so', async () => {
    const cluster = start();
    cluster.leaders = [{ partition: 0, leader: 1 }];
    send('a', { partition: 7 });
    await settled('a');
    expect(outcomes['a']).toEqual({ code: 'NOT_FOUND', message: 'topic t has no partition 7, it has 1' });
  });

  it('fails frames for a partition that does not exist, each time', async () => {
    const cluster = start({ backoff: () => 1 });
    cluster.leaders = [{ partition: 0, leader: 1 }];
    for (const name of ['first', 'second']) {
      sender.post({ topic: 't', partition: 7, instance: 'i' }, framesOf(name), 10);
      await settled(name);
      expect(outcomes[name]).toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(sender.queued).toEqual({ parcels: 0, bytes: 0 });
  });

  it('is not stuck while all that waits leads nowhere', async () => {
    let now = 0;
    const cluster = start({ backoff: () => 1, now: () => now });
    cluster.leaders = [{ partition: 0, leader: 1 }];
    send('waits', { timeoutMs: 1_000_000_000 });
    await cluster.request(0);
    now = 60_000;
    expect(sender.stuckForMs).toBe(60_000);
    sender.post({ topic: 't', partition: 7, instance: 'i' }, framesOf('nowhere'), 10);
    await settled('nowhere');
    expect(sender.stuckForMs).toBe(0);
  });

  it('delivers to an instance whose frames no broker took in time before', async () => {
    const cluster = start({ frameTimeoutMs: 20, backoff: () => 5 });
    cluster.leaders = [{ partition: 0, leader: -1 }];
    sender.post({ topic: 't', partition: 0, instance: 'i' }, framesOf('late'), 10);
    await settled('late');
    cluster.leaders = [{ partition: 0, leader: 1 }];
    sender.post({ topic: 't', partition: 0, instance: 'i' }, framesOf('next'), 10);
    (await cluster.request(0)).succeed();
    await settled('next');
    expect(outcomes['next']).toBe(1);
  });

  it('waits for no more than some of many partitions that do not exist', async () => {
    const cluster = start({ backoff: () => 1_000_000 });
    cluster.leaders = [];
    for (let partition = 0; partition < 200; partition += 1)
      sender.post({ topic: 't', partition, instance: 'i' }, framesOf(`p${partition}`), 10);
    await settled('p199');
    expect(Object.keys(outcomes)).toHaveLength(200 - 64);
  });

  it('refuses what its bounds do not hold, and takes more once there is room', async () => {
    const cluster = start({ maxQueuedParcels: 2, maxRecordBytes: 5000 });
    send('a');
    send('b');
    send('c');
    send('huge', { bytes: 10_000 });
    expect(outcomes).toMatchObject({ c: { code: 'UNAVAILABLE' }, huge: { code: 'INVALID_ARGUMENT' } });
    (await cluster.request(0)).succeed();
    await settled('b');
    send('d');
    (await cluster.request(1)).succeed();
    await settled('d');
    expect(sender.queued).toEqual({ parcels: 0, bytes: 0 });
  });

  it('fails what no broker took in time', async () => {
    const cluster = start();
    cluster.leaders = [{ partition: 0, leader: -1 }];
    send('a', { timeoutMs: 30 });
    await settled('a');
    expect(outcomes['a']).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('has no leader') as string,
    });
  });

  it('does not send what was withdrawn', async () => {
    const cluster = start();
    send('a');
    const first = await cluster.request(0);
    send('gone').withdraw();
    send('b');
    first.succeed();
    expect(names(await cluster.request(1))).toEqual(['b']);
  });

  it('packs all frames that wait for one instance into one record', async () => {
    const cluster = start();
    send('first');
    const first = await cluster.request(0);
    const to = { topic: 't', partition: 0, instance: 'i' };
    const delivered: number[] = [];
    for (const n of [1, 2, 3])
      sender.post(to, { take: () => [Buffer.from([n])], delivered: () => delivered.push(n) }, 1);
    first.succeed();
    const second = await cluster.request(1);
    expect(second.records).toHaveLength(1);
    expect(second.records[0]!.value).toEqual(Buffer.from([1, 2, 3]));
    second.succeed();
    await vi.waitFor(() => expect(delivered).toEqual([1, 2, 3]));
  });

  describe('frames that may wait for others', () => {
    const frame = (name: string) =>
      encodeFrame({ kind: 'cancel', callId: name, execution: 'e', reason: 'r' });
    const post = (name: string, patient: boolean, instance = 'i') =>
      sender.post({ topic: 't', partition: 0, instance }, { take: () => [frame(name)] }, 30, patient);
    const calls = ({ records }: Request) =>
      records.flatMap(({ value }) => decodeFrames(value!).map(found => 'callId' in found && found.callId));
    /** So that the queue knows its leader, and nothing is in flight. */
    const warm = async () => {
      const cluster = start();
      send('first');
      (await cluster.request(0)).succeed();
      await settled('first');
      vi.useFakeTimers();
      return cluster;
    };
    afterEach(() => void vi.useRealTimers());

    it('leave by themselves after a while', async () => {
      const cluster = await warm();
      post('a', true);
      post('b', true, 'other');
      await vi.advanceTimersByTimeAsync(PATIENCE_MS - 1);
      expect(cluster.requests).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(2);
      expect(calls(cluster.requests[1]!)).toEqual(['a', 'b']);
      expect(vi.getTimerCount()).toBe(0);
    });

    it.each(['i', 'other'])('leave at once with what does not wait, for %s', async instance => {
      const cluster = await warm();
      post('a', true);
      post('b', false, instance);
      await vi.advanceTimersByTimeAsync(1);
      expect(calls(cluster.requests[1]!)).toEqual(['a', 'b']);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('wait after a request, too', async () => {
      const cluster = await warm();
      post('a', false);
      await vi.advanceTimersByTimeAsync(1);
      post('b', true);
      cluster.requests[1]!.succeed();
      await vi.advanceTimersByTimeAsync(PATIENCE_MS - 1);
      expect(cluster.requests).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(2);
      expect(calls(cluster.requests[2]!)).toEqual(['b']);
    });
  });

  it('splits a record of frames that is too large, so that one call does not fail its neighbours', async () => {
    const cluster = start();
    const to = { topic: 't', partition: 0, instance: 'i' };
    const ended: string[] = [];
    for (const n of [1, 2, 3]) {
      const source = {
        take: () => [encodeFrame({ kind: 'cancel', callId: `call-${n}`, execution: 'e', reason: 'r' })],
        delivered: () => ended.push(`${n} sent`),
        failed: () => ended.push(`${n} failed`),
      };
      sender.post(to, source, 1);
    }
    void (async () => {
      for (let index = 0; ; index += 1) {
        const request = await cluster.request(index);
        const tooLarge = request.records.some(({ value }) => value!.includes('call-2'));
        if (tooLarge)
          request.answer([
            { topic: 't', partition: 0, baseOffset: -1, error: new DriverError('too-large', 'too large') },
          ]);
        else request.succeed();
      }
    })().catch(() => undefined);
    await vi.waitFor(() => expect(ended.toSorted()).toEqual(['1 sent', '2 failed', '3 sent']));
    expect(sender.queued).toEqual({ parcels: 0, bytes: 0 });
  });

  it.each([
    [4000, ['sent']],
    [500, ['failed']],
  ])('sends a large frame in pieces to a broker that takes %i bytes', async (limit, expected) => {
    const cluster = start();
    const ended: string[] = [];
    const reply = [Buffer.alloc(9, 1), Buffer.alloc(9000, 2), Buffer.alloc(9, 3)];
    const whole = encodeFrame({ kind: 'complete', callId: 'c', execution: 'e', total: 3, items: reply });
    sender.post(
      { topic: 't', partition: 0, instance: 'i' },
      { take: () => [whole], delivered: () => ended.push('sent'), failed: () => ended.push('failed') },
      whole.length,
    );
    const taken: Buffer[] = [];
    void (async () => {
      for (let index = 0; ; index += 1) {
        const request = await cluster.request(index);
        if (request.records.some(({ value }) => value!.length > limit)) {
          const error = new DriverError('too-large', 'too large');
          request.answer([{ topic: 't', partition: 0, baseOffset: -1, error }]);
        } else {
          taken.push(...request.records.map(({ value }) => value!));
          request.succeed();
        }
      }
    })().catch(() => undefined);
    await vi.waitFor(() => expect(sender.queued).toEqual({ parcels: 0, bytes: 0 }), 10_000);
    expect(ended).toEqual(expected);
    if (limit < 1024) return;
    const frames = decodeFrames(Buffer.concat(taken));
    expect(frames.map(({ kind }) => kind)).toEqual(['next', ...Array(4).fill('part'), 'next', 'complete']);
    const parts = frames.flatMap(frame => (frame.kind === 'part' ? [frame.bytes] : []));
    expect(Buffer.concat(parts)).toEqual(reply[1]);
  });

  it('lets small frames overtake large ones, and starves neither', async () => {
    const cluster = start();
    const to = { topic: 't', partition: 0, instance: 'i' };
    const sent: string[] = [];
    const post = (name: string, bytes: number) =>
      sender.post(to, { take: () => [Buffer.from(name)], delivered: () => sent.push(name) }, bytes);
    for (const name of ['L1', 'L2', 'L3', 'L4', 'L5']) post(name, PART_BYTES);
    (await cluster.request(0)).succeed();
    const second = await cluster.request(1);
    post('s1', 10);
    second.succeed();
    const third = await cluster.request(2);
    expect(third.records.map(({ value }) => value!.toString())).toEqual(['s1', 'L5']);
    third.succeed();
    await vi.waitFor(() => expect(sent).toEqual(['L1', 'L2', 'L3', 'L4', 's1', 'L5']));
    expect(sender.queued).toEqual({ parcels: 0, bytes: 0 });
    for (let n = 0; n < 4; n += 1) post(`n${n}`, PART_BYTES - 1);
    post('L6', PART_BYTES);
    const full = await cluster.request(3);
    expect(full.records.map(({ value }) => value!.toString())).toEqual(['n0', 'n1', 'L6']);
  });

  it('does not break a frame down for a broker that finds it to be none', async () => {
    const cluster = start();
    const failed = vi.fn();
    const whole = encodeFrame({
      kind: 'next',
      callId: 'c',
      execution: 'e',
      seq: 0,
      items: [Buffer.alloc(9000)],
    });
    sender.post({ topic: 't', partition: 0, instance: 'i' }, { take: () => [whole], failed }, 1);
    const error = new DriverError('rejected', 'no');
    (await cluster.request(0)).answer([{ topic: 't', partition: 0, baseOffset: -1, error }]);
    await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce());
    expect(cluster.requests).toHaveLength(1);
  });

  it('fails what is left when it is closed, and takes nothing more', async () => {
    const cluster = start();
    send('a');
    await cluster.request(0);
    send('b');
    await sender.close(0);
    send('c');
    expect(outcomes).toMatchObject({
      a: { code: 'UNAVAILABLE' },
      b: { code: 'UNAVAILABLE' },
      c: { code: 'UNAVAILABLE' },
    });
  });

  test.prop(
    [
      fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 30 }),
      fc.array(fc.constantFrom('ok', 'lost', 'applied but lost', 'stale'), { maxLength: 12 }),
    ],
    { numRuns: 30 },
  )('whatever fails, every record arrives, in order for each partition', async (partitions, faults) => {
    const cluster = start({ backoff: () => 0 });
    const log = new Map<number, string[]>();
    partitions.forEach((partition, index) => send(`r${index}`, { partition }));
    const left = [...faults];
    let handled = 0;
    while (Object.keys(outcomes).length < partitions.length) {
      await new Promise<void>(resolve => void setImmediate(resolve));
      for (; handled < cluster.requests.length; handled += 1) {
        const request = cluster.requests[handled]!;
        const fault = left.shift() ?? 'ok';
        if (fault === 'ok' || fault === 'applied but lost') {
          for (const { partition, headers } of request.records) {
            const arrived = log.get(partition) ?? [];
            log.set(partition, [...arrived, headers['name'] as string]);
          }
        }
        if (fault === 'ok') request.succeed();
        else if (fault === 'stale') {
          const error = new DriverError('stale', 'moved');
          request.answer(
            request.records.map(({ topic, partition }) => ({ topic, partition, baseOffset: -1, error })),
          );
        } else request.lose(new DriverError('retriable', 'reset'));
      }
    }
    for (const [partition, arrived] of log) {
      const firsts = arrived.filter((name, index) => arrived.indexOf(name) === index);
      expect(firsts).toEqual(partitions.flatMap((of, index) => (of === partition ? [`r${index}`] : [])));
    }
    expect(Object.values(outcomes).every(outcome => typeof outcome === 'number')).toBe(true);
    for (const name of Object.keys(outcomes)) delete outcomes[name];
    await sender.close(0);
  });
});
