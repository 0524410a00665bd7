import { fc, test } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import { decodeFrames, encodeFrame, type Frame } from '../../wire/frame.js';
import { LARGE_BYTES, PART_BYTES } from '../../wire/parts.js';
import { MAX_PUSHED_ITEMS, ReplyStream, type ReplyStreamOptions } from './reply-stream.js';

const accept = {
  kind: 'accept',
  callId: 'c',
  execution: 'e',
  partition: 0,
  instance: 'i',
  flags: '-',
  service: 's',
} as const;

const LOTS = 1_000_000_000;
const items = (count: number) => ({ items: count, bytes: LOTS });

function start(credit: number | { items: number; bytes: number }, options: Partial<ReplyStreamOptions> = {}) {
  const events: string[] = [];
  let posts = 0;
  const stream = new ReplyStream({
    accept,
    credit: typeof credit === 'number' ? items(credit) : credit,
    resumeFrom: 0,
    announced: false,
    keepLatest: false,
    post: () => (posts += 1),
    onAnnounced: () => events.push('announced'),
    onStreaming: () => events.push('streaming'),
    onSettled: () => events.push('settled'),
    ...options,
  });
  const take = (maxBytes = 1_000_000) => decodeFrames(Buffer.concat(stream.take(maxBytes)));
  return { stream, events, take, posts: () => posts };
}

const item = (n: number) => Buffer.from([n]);

describe('ReplyStream', () => {
  it('sends a unary reply as one frame', () => {
    const { stream, events, take, posts } = start(10);
    stream.add(item(1));
    stream.complete();
    expect(posts()).toBe(1);
    expect(take()).toEqual([{ kind: 'complete', callId: 'c', execution: 'e', total: 1, items: [item(1)] }]);
    stream.delivered();
    expect(events).toEqual(['settled']);
  });

  it('introduces itself before a whole reply where that is asked for', () => {
    const { stream, events, take } = start(10, { introduced: true });
    stream.add(item(1));
    stream.complete();
    expect(take().map(({ kind }) => kind)).toEqual(['accept', 'complete']);
    expect(events).toEqual([]);
  });

  it('announces itself with its first items, and once', () => {
    const { stream, take, events } = start(10);
    stream.add(item(1));
    expect(take().map(({ kind }) => kind)).toEqual(['accept', 'next']);
    stream.delivered();
    stream.add(item(2));
    expect(take()).toMatchObject([{ kind: 'next', seq: 1 }]);
    expect(events).toEqual(['announced', 'streaming']);
  });

  it('announces itself without items when asked to', () => {
    const { stream, take } = start(10);
    stream.announce();
    expect(take()).toMatchObject([{ kind: 'accept' }]);
    expect(take()).toEqual([]);
  });

  it('announces itself where it ends without any credit, so that a client that is not there is missed', () => {
    const { stream, events, take, posts } = start({ items: 0, bytes: 0 });
    stream.add(item(1));
    stream.complete();
    expect(posts()).toBe(1);
    expect(take()).toEqual([accept]);
    expect(events).toEqual(['announced']);
    stream.grant(items(1));
    expect(take()).toMatchObject([{ kind: 'complete', total: 1 }]);
  });

  it('keeps what the client has no credit for', () => {
    const { stream, take } = start(1);
    stream.add(item(1));
    stream.add(item(2));
    stream.complete();
    expect(stream.hasRoom()).toBe(true);
    expect(take()).toMatchObject([{ kind: 'accept' }, { kind: 'next', items: [item(1)] }]);
    expect(take()).toEqual([]);
    stream.grant(items(2));
    expect(take()).toMatchObject([{ kind: 'complete', total: 2, items: [item(2)] }]);
  });

  it('keeps what the client has no byte credit for, and passes it by one item at most', () => {
    const { stream, take } = start({ items: 100, bytes: 3 });
    for (let n = 0; n < 4; n += 1) stream.add(Buffer.alloc(2));
    expect(stream.hasRoom()).toBe(false);
    expect(take()).toMatchObject([{ kind: 'accept' }, { kind: 'next', seq: 0, items: [{}] }]);
    expect(take()).toMatchObject([{ kind: 'next', seq: 1, items: [{}] }]);
    expect(take()).toEqual([]);
    stream.grant({ items: 100, bytes: 8 });
    expect(take()).toMatchObject([{ kind: 'next', seq: 2, items: [{}, {}] }]);
  });

  it('goes on from where an earlier execution was lost', () => {
    const { stream, take } = start(10, { resumeFrom: 7 });
    stream.add(item(1));
    stream.complete();
    expect(take()).toMatchObject([{ kind: 'complete', total: 8 }]);
  });

  it('tells a client that may go on elsewhere that it drains', () => {
    const { stream, take } = start(10);
    stream.add(item(1));
    take();
    stream.add(item(2));
    stream.drain();
    expect(take()).toMatchObject([{ kind: 'error', total: 1, code: 'UNAVAILABLE', draining: true }]);
  });

  it('keeps only the newest item where it is told to', () => {
    const { stream, take } = start(0, { keepLatest: true });
    for (let n = 0; n <= MAX_PUSHED_ITEMS; n += 1) expect(stream.push(item(n % 256))).toBe(true);
    stream.grant(items(LOTS));
    stream.complete();
    expect(take()).toMatchObject([{ kind: 'complete', total: 1, items: [item(MAX_PUSHED_ITEMS % 256)] }]);
  });

  it('keeps what there is credit for beside the newest item', () => {
    const { stream, take } = start(2, { keepLatest: true });
    for (let n = 0; n < 10; n += 1) expect(stream.push(item(n))).toBe(true);
    expect(take()).toMatchObject([{ kind: 'accept' }, { kind: 'next', seq: 0, items: [item(0), item(1)] }]);
    stream.grant(items(5));
    expect(take()).toMatchObject([{ kind: 'next', seq: 2, items: [item(9)] }]);
  });

  it('wakes whoever waits for room when credit comes, and when it ends', async () => {
    const { stream } = start(0);
    let woken = 0;
    const first = stream.room().then(() => (woken += 1));
    expect(stream.hasRoom()).toBe(false);
    stream.grant(items(1));
    await first;
    stream.add(item(1));
    const second = stream.room().then(() => (woken += 1));
    stream.cancel();
    await second;
    expect(woken).toBe(2);
  });

  it('refuses to hold more than its bound', () => {
    const { stream } = start(0);
    for (let n = 0; n < MAX_PUSHED_ITEMS; n += 1) expect(stream.push(item(1))).toBe(true);
    expect(stream.push(item(1))).toBe(false);
  });

  it('tells the client where a reply is too large for the broker', () => {
    const { stream, take, events } = start(10);
    stream.add(item(1));
    take();
    stream.delivered();
    stream.add(item(2));
    stream.complete();
    take();
    stream.failed({ code: 'INVALID_ARGUMENT', message: 'a record of 9 bytes is too large' });
    expect(take()).toMatchObject([{ kind: 'error', total: 1, code: 'RESOURCE_EXHAUSTED' }]);
    stream.delivered();
    expect(events).toEqual(['announced', 'streaming', 'settled']);
  });

  describe('with a large item', () => {
    const large = Buffer.from(Array.from({ length: LARGE_BYTES + 1 }, (_, index) => index % 251));
    const ofKind = (frames: readonly Frame[]) => frames.map(({ kind }) => kind);
    const bytesOf = (frames: readonly Frame[]) =>
      Buffer.concat(frames.map(frame => (frame.kind === 'part' ? frame.bytes : Buffer.alloc(0))));

    it('sends a unary reply in parts that let others leave in between, and is no stream', () => {
      const { stream, events, take, posts } = start(10);
      stream.add(large);
      stream.complete();
      const sent: Frame[] = [];
      while (!sent.some(({ kind }) => kind === 'complete')) {
        const before = posts();
        const frames = take(256 * 1024);
        expect(Buffer.concat(frames.map(encodeFrame)).length).toBeLessThan(256 * 1024);
        sent.push(...frames);
        stream.delivered();
        expect(posts() - before).toBe(frames.at(-1)!.kind === 'complete' ? 0 : 1);
      }
      expect(ofKind(sent)).toEqual(['accept', 'part', 'part', 'part', 'complete']);
      expect(sent.at(-1)).toMatchObject({ total: 1, items: [] });
      expect(bytesOf(sent).equals(large)).toBe(true);
      expect(events).toEqual(['announced', 'settled']);
    });

    it('begins with it while there is credit, and goes on with more', () => {
      const { stream, take } = start({ items: 10, bytes: 100 });
      stream.add(item(1));
      stream.add(large);
      stream.add(item(2));
      expect(ofKind(take())).toEqual(['accept', 'next']);
      expect(take()).toMatchObject([{ kind: 'part', seq: 1, at: 0, size: large.length }]);
      expect(take()).toEqual([]);
      stream.grant({ items: 10, bytes: 1 + large.length });
      const rest = [...take(), ...take()];
      expect(rest).toMatchObject([
        { kind: 'part', at: PART_BYTES },
        { kind: 'part', at: 2 * PART_BYTES },
      ]);
      expect(take()).toEqual([]);
      stream.grant(items(10));
      expect(take()).toMatchObject([{ kind: 'next', seq: 2, items: [item(2)] }]);
    });

    it('keeps one that has begun, where only the newest are kept', () => {
      const { stream, take } = start({ items: 100, bytes: 100 }, { keepLatest: true });
      stream.push(large);
      take();
      for (let n = 0; n < 10; n += 1) stream.push(item(n));
      stream.grant(items(100));
      stream.complete();
      expect(ofKind([...take(), ...take()])).toEqual(['part', 'part']);
      expect(take()).toMatchObject([{ kind: 'complete', total: 2, items: [item(9)] }]);
    });

    it('breaks off where the call fails, and counts what was whole', () => {
      const { stream, take } = start(10);
      stream.add(item(1));
      stream.add(large);
      take();
      take();
      stream.failNow({ code: 'INTERNAL', message: 'no' });
      expect(take()).toMatchObject([{ kind: 'error', total: 1 }]);
    });
  });

  it('sends nothing more once it is cancelled', () => {
    const { stream, take, events } = start(10);
    stream.add(item(1));
    stream.cancel();
    expect(take()).toEqual([]);
    stream.add(item(2));
    expect(take()).toEqual([]);
    expect(events).toEqual(['settled']);
  });

  it('lets a later item of a slow stream wait for others, and nothing else', () => {
    vi.useFakeTimers();
    const posts: boolean[] = [];
    const { stream, take } = start(10, { post: (_source, _bytes, patient) => posts.push(patient) });
    stream.add(item(1));
    take();
    stream.add(item(2));
    take();
    expect(posts).toEqual([false, false]);
    vi.advanceTimersByTime(1000);
    stream.add(item(3));
    stream.add(item(4));
    expect(posts).toEqual([false, false, true]);
    stream.complete();
    expect(posts).toEqual([false, false, true, false]);
    expect(take()).toMatchObject([{ kind: 'complete', total: 4 }]);
    vi.useRealTimers();
  });

  test.prop([
    fc.array(
      fc.oneof(
        fc.record({ add: fc.integer({ min: 1, max: 5 }) }),
        fc.record({ grant: fc.nat({ max: 60 }) }),
        fc.constant('take' as const),
      ),
    ),
    fc.nat({ max: 5 }),
    fc.integer({ min: 1, max: 8 }),
  ])('sends each item once, in order, never beyond the credit', (steps, credit, maxBytes) => {
    const { stream, take } = start(credit);
    let granted = credit;
    let added = 0;
    const got: number[] = [];
    const receive = () => {
      for (const frame of take(maxBytes)) {
        if (frame.kind === 'next') {
          expect(frame.seq).toBe(got.length);
          got.push(...frame.items.map(bytes => bytes[0]!));
        } else if (frame.kind === 'complete') {
          got.push(...frame.items.map(bytes => bytes[0]!));
          expect(frame.total).toBe(got.length);
        }
      }
      expect(got.length).toBeLessThanOrEqual(granted);
    };
    for (const step of steps) {
      if (step === 'take') receive();
      else if ('add' in step) for (let n = 0; n < step.add; n += 1) stream.add(item(added++ % 256));
      else {
        granted = Math.max(granted, step.grant);
        stream.grant(items(step.grant));
      }
    }
    stream.complete();
    granted = Math.max(granted, added);
    stream.grant(items(added));
    for (let n = 0; n <= added; n += 1) receive();
    expect(got).toEqual(Array.from({ length: added }, (_, n) => n % 256));
  });
});
