import { fc, test } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import { GroupModel, Member, type Entry } from './spec/group-model.js';

const PARTITIONS = 3;

/** Logs with offsets missing, as compaction leaves them, of few keys. */
const log = fc
  .array(
    fc.record({
      gap: fc.nat({ max: 2 }),
      key: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
      dueInMs: fc.option(fc.nat({ max: 300 }), { nil: undefined, freq: 12 }),
      waits: fc.constantFrom<Entry['waits'][]>(undefined, undefined, undefined, 'parked', 'shelved'),
    }),
    { minLength: 1, maxLength: 30, size: 'max' },
  )
  .map(steps => {
    let next = 0;
    return steps.map(({ gap, ...entry }): Entry => {
      const offset = next + gap;
      next = offset + 1;
      return { offset, ...entry };
    });
  });

const partition = fc.nat({ max: PARTITIONS - 1 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('feed' as const),
      partition,
      count: fc.integer({ min: 1, max: 12 }),
      again: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('go' as const),
      pick: fc.nat(),
      fails: fc.nat({ max: 19 }).map(n => n === 0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat({ max: 1500 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('move', 'lose'), partition }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'drain'), pick: fc.nat({ max: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('commits' as const), fail: fc.boolean() }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What follows from what has happened, time aside. */
async function settled(): Promise<void> {
  for (let n = 0; n < 25; n += 1) await Promise.resolve();
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    vi.advanceTimersByTime(Math.min(left, 100));
    await settled();
  }
}

/** Two members of a group and what happens to them. */
class Story {
  readonly group: GroupModel;
  private readonly members: Member[] = [];
  private readonly moving = new Set<number>();
  private readonly crashed = new Set<Member>();

  constructor(
    logs: readonly (readonly Entry[])[],
    private readonly concurrency: number,
  ) {
    this.group = new GroupModel(logs);
  }

  async begin(): Promise<void> {
    this.members.push(await this.join(), await this.join());
    for (let n = 0; n < PARTITIONS; n += 1) this.group.give(n, this.members[n % 2]!);
  }

  async tell(one: Step): Promise<void> {
    switch (one.kind) {
      case 'feed':
        this.group.feed(one.partition, one.count, one.again);
        break;
      case 'go': {
        const open = this.group.runs.filter(({ member }) => !this.crashed.has(member));
        open[one.pick % Math.max(1, open.length)]?.go(one.fails ? 'fails' : undefined);
        break;
      }
      case 'time':
        await pass(one.ms);
        break;
      case 'move':
        this.move(one.partition);
        break;
      case 'lose':
        this.lose(one.partition);
        break;
      case 'crash':
      case 'drain':
        await this.end(one.pick, one.kind);
        break;
      case 'commits':
        this.group.commitsFail = one.fail;
    }
    await settled();
  }

  /** All goes well from here on. */
  async endWell(): Promise<void> {
    this.group.commitsFail = false;
    await this.end(0, 'crash');
    await this.end(1, 'crash');
    await pass(2000);
    for (let round = 0; round < 500 && !this.isOver; round += 1) {
      for (let n = 0; n < PARTITIONS; n += 1) this.group.feed(n, 10);
      for (const run of this.group.runs) if (!this.crashed.has(run.member)) run.go();
      await pass(100);
    }
  }

  get isOver(): boolean {
    return this.group.partitions.every(state => this.group.isCommitted(state));
  }

  async close(): Promise<void> {
    const drained = Promise.all(this.members.map(({ consumption }) => consumption.drain(1)));
    await pass(10);
    await drained;
  }

  private async join(): Promise<Member> {
    const member = new Member(this.group, this.concurrency);
    await member.consumption.start();
    return member;
  }

  /** A rebalance: the owner gives the partition up, and only then another has it. */
  private move(n: number): void {
    const { owner } = this.group.partitions[n]!;
    if (!owner?.alive || this.moving.has(n)) return;
    this.moving.add(n);
    void owner.revoke(n).then(() => {
      this.moving.delete(n);
      this.giveToOther(n, owner);
    });
  }

  /** The owner's session was missed: another has the partition before it hears of that. */
  private lose(n: number): void {
    const { owner } = this.group.partitions[n]!;
    if (!owner?.alive || this.moving.has(n)) return;
    this.giveToOther(n, owner);
    void owner.revoke(n);
  }

  private async end(pick: number, how: 'crash' | 'drain'): Promise<void> {
    const member = this.members[pick]!;
    if (how === 'drain') {
      const drained = member.consumption.drain(200);
      await pass(250);
      await drained;
    }
    member.alive = false;
    this.crashed.add(member);
    this.members[pick] = await this.join();
    for (let n = 0; n < PARTITIONS; n += 1) {
      if (this.group.partitions[n]!.owner === member) this.giveToOther(n, member);
    }
  }

  private giveToOther(n: number, before: Member): void {
    if (this.group.partitions[n]!.owner !== before) return;
    const other = this.members.find(member => member !== before && member.alive);
    if (other) this.group.give(n, other);
  }
}

describe('Consumption, against a simple model of its group', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.prop(
    [
      fc.tuple(log, log, log),
      fc.integer({ min: 1, max: 5 }),
      fc.array(step, { maxLength: 120, size: 'max' }),
    ],
    { numRuns: 60 },
  )(
    'loses nothing, repeats nothing that a commit told of, keeps each key’s order and its bounds, whatever happens to members',
    async (logs, concurrency, steps) => {
      const story = new Story(logs, concurrency);
      await story.begin();
      try {
        for (const one of steps) {
          await story.tell(one);
          expect(story.group.broken).toEqual([]);
        }
        await story.endWell();
        expect(story.group.broken).toEqual([]);
        expect(story.isOver).toBe(true);
      } finally {
        await story.close();
      }
    },
  );
});
