import { fc, test } from '@fast-check/vitest';
import { describe, expect, it, vi } from 'vitest';
import { Lanes } from './lanes.js';

/** Work that finishes when told to. */
function manual(lane: string | undefined, log: string[], name: string) {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  const run = () => {
    log.push(name);
    return promise;
  };
  return { work: { lane, run }, resolve, reject };
}

const turn = () => new Promise<void>(resolve => void setImmediate(resolve));

describe('Lanes', () => {
  it('runs one lane in order, others beside it', async () => {
    const log: string[] = [];
    const lanes = new Lanes(10);
    const [a1, a2, b1] = [manual('a', log, 'a1'), manual('a', log, 'a2'), manual('b', log, 'b1')];
    for (const { work } of [a1, a2, b1]) lanes.add(work);
    expect(log).toEqual(['a1', 'b1']);
    a1.resolve();
    await turn();
    expect(log).toEqual(['a1', 'b1', 'a2']);
  });

  it('goes on after work that rejects', async () => {
    const log: string[] = [];
    const lanes = new Lanes(1);
    const [a1, a2] = [manual('a', log, 'a1'), manual('a', log, 'a2')];
    lanes.add(a1.work);
    lanes.add(a2.work);
    a1.reject(new Error('no'));
    await turn();
    expect(log).toEqual(['a1', 'a2']);
  });

  it('gives sources turns where slots are short', async () => {
    const log: string[] = [];
    const lanes = new Lanes(1);
    const first = manual(undefined, log, 'first');
    lanes.add(first.work);
    for (const [source, name] of [
      ['p', 'p1'],
      ['p', 'p2'],
      ['q', 'q1'],
    ] as const)
      lanes.add({ source, lane: undefined, run: async () => void log.push(name) });
    first.resolve();
    await vi.waitFor(() => expect(log).toEqual(['first', 'p1', 'q1', 'p2']));
  });

  it('lets others have the slot of what is parked, and none its lane', async () => {
    const log: string[] = [];
    const lanes = new Lanes(1);
    let wake!: () => void;
    const sleep = new Promise<void>(resolve => (wake = resolve));
    lanes.add({
      lane: 'a',
      run: async park => {
        log.push('a1 begins');
        await park(sleep);
        log.push('a1 goes on');
      },
    });
    const b = manual('b', log, 'b');
    lanes.add(manual('a', log, 'a2').work);
    lanes.add(b.work);
    expect(log).toEqual(['a1 begins', 'b']);
    wake();
    await turn();
    expect(log).toEqual(['a1 begins', 'b']);
    expect([lanes.running, lanes.load]).toEqual([1, 3]);
    b.resolve();
    await turn();
    expect(log).toEqual(['a1 begins', 'b', 'a1 goes on', 'a2']);
  });

  it('stops only once what is parked has ended too', async () => {
    const lanes = new Lanes(1);
    const log: string[] = [];
    let fail!: (error: Error) => void;
    const sleep = new Promise<void>((_resolve, reject) => (fail = reject));
    lanes.add({ lane: 'a', run: park => park(sleep) });
    const stopped = lanes.stop(10_000).then(() => log.push('stopped'));
    await turn();
    expect(log).toEqual([]);
    fail(new Error('stopping'));
    await stopped;
    expect(lanes.load).toBe(0);
  });

  it('stops: what waits never starts, what runs may finish', async () => {
    const log: string[] = [];
    const lanes = new Lanes(1);
    const [a, b] = [manual(undefined, log, 'a'), manual(undefined, log, 'b')];
    lanes.add(a.work);
    lanes.add(b.work);
    const stopped = lanes.stop(10_000);
    a.resolve();
    await stopped;
    expect(log).toEqual(['a']);
    expect(lanes.load).toBe(0);
  });

  test.prop([
    fc.array(fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }), { maxLength: 40 }),
    fc.integer({ min: 1, max: 5 }),
    fc.scheduler(),
  ])(
    'never runs more than its concurrency, nor one lane twice at a time; and runs all, each lane in order',
    async (names, concurrency, scheduler) => {
      const ran: { lane: string | undefined; index: number }[] = [];
      const held = new Set<string>();
      let active = 0;
      const lanes = new Lanes(concurrency);
      names.forEach((lane, index) =>
        lanes.add({
          lane,
          run: async park => {
            ran.push({ lane, index });
            expect(lane !== undefined && held.has(lane)).toBe(false);
            if (lane !== undefined) held.add(lane);
            active += 1;
            expect(active).toBeLessThanOrEqual(concurrency);
            await scheduler.schedule(Promise.resolve());
            active -= 1;
            if (index % 3 === 0) await park(scheduler.schedule(Promise.resolve()));
            if (lane !== undefined) held.delete(lane);
          },
        }),
      );
      await scheduler.waitIdle();
      expect(ran).toHaveLength(names.length);
      for (const lane of ['a', 'b', 'c']) {
        const order = ran.filter(entry => entry.lane === lane).map(({ index }) => index);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
      expect(lanes.load).toBe(0);
    },
  );

  const source = fc.constantFrom('a', 'b', 'c');
  test.prop([
    fc.integer({ min: 1, max: 3 }),
    fc.array(fc.oneof(fc.record({ adds: source }), fc.record({ ends: fc.nat() })), {
      maxLength: 100,
      size: 'max',
    }),
  ])('passes no source over twice for the sake of another', async (concurrency, steps) => {
    const lanes = new Lanes(concurrency);
    const running: (() => void)[] = [];
    const waiting = new Map<string, number>();
    /** Since a source began to wait, or had its last turn: how often each other one has had a turn. */
    const turns = new Map<string, Map<string, number>>();
    let most = 0;
    const started = (by: string) => {
      turns.delete(by);
      for (const [other, count] of waiting) {
        if (other === by || count === 0) continue;
        const since = turns.get(other) ?? new Map<string, number>();
        since.set(by, (since.get(by) ?? 0) + 1);
        turns.set(other, since);
        most = Math.max(most, since.get(by)!);
      }
      return new Promise<void>(resolve => running.push(resolve));
    };
    const add = (by: string) => {
      waiting.set(by, (waiting.get(by) ?? 0) + 1);
      lanes.add({
        lane: undefined,
        source: by,
        run: () => {
          waiting.set(by, waiting.get(by)! - 1);
          return started(by);
        },
      });
    };
    for (const one of steps) {
      if ('adds' in one) add(one.adds);
      else running.splice(one.ends % Math.max(1, running.length), 1)[0]?.();
      await turn();
      expect(most).toBeLessThanOrEqual(1);
    }
    expect(running.length).toBe(Math.min(concurrency, lanes.load));
  });
});
