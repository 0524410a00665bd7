import type { CommitOffset, ReceivedRecord, SubscribeOptions, Subscription } from '../../drivers/driver.js';
import { Consumption } from '../consumption.js';
import { decodeRuns } from '../done-runs.js';
import { justWait } from '../lanes.js';

/** A record of the model's log. */
export interface Entry {
  offset: number;
  key: string | undefined;
  /** How long after it was read it is due, in ms. */
  dueInMs?: number | undefined;
  /** It waits without its slot before it is worked on; on the shelf, so that its partition does not count it. */
  waits?: 'parked' | 'shelved' | undefined;
}

/** One start of the work for a record. */
export interface Run {
  member: Member;
  partition: number;
  entry: Entry;
  state: 'waiting' | 'working' | 'over';
  /** Goes on from the wait, or ends the work. */
  go(outcome?: 'fails'): void;
}

interface Held {
  epoch: number;
  /** Which of the log's entries is the first that was asked for. */
  from: number;
  /** How many of them were handed on, or come before that. */
  read: number;
  paused: boolean;
  committed: { offset: number; metadata: string } | undefined;
  knownDone: (offset: number) => boolean;
  begun: Set<number>;
}

interface PartitionState {
  log: readonly Entry[];
  epoch: number;
  owner: Member | undefined;
  committed: { offset: number; metadata: string } | undefined;
}

/** A member of the group: a Consumption of the real code on a driver of the model's. */
export class Member {
  readonly consumption: Consumption;
  readonly held = new Map<number, Held>();
  private options: SubscribeOptions | undefined;
  /** Its commits count for nothing any more, and nothing is handed on to it. */
  alive = true;

  constructor(
    readonly group: GroupModel,
    readonly concurrency: number,
  ) {
    this.consumption = new Consumption(
      { subscribe: options => this.subscribe(options) },
      {
        group: 'g',
        topics: ['t'],
        concurrency,
        keepDone: true,
        work: record => group.work(this, record),
        onCommitError: () => undefined,
      },
    );
  }

  assign(partition: number, held: Held): void {
    this.held.set(partition, held);
    const { epoch, committed } = held;
    this.options?.onAssigned([{ topic: 't', partition, epoch, ...(committed && { committed }) }]);
  }

  async revoke(partition: number): Promise<void> {
    const held = this.held.get(partition);
    if (held) await this.options?.onRevoked([{ topic: 't', partition, epoch: held.epoch }]);
    if (held && this.held.get(partition) === held) this.held.delete(partition);
  }

  receive(partition: number, entries: readonly Entry[]): void {
    const held = this.held.get(partition);
    if (!held || entries.length === 0) return;
    const records = entries.map(({ offset, key }) => ({
      topic: 't',
      partition,
      offset,
      timestamp: 0,
      key: key === undefined ? null : Buffer.from(key),
      value: null,
      headers: {},
    }));
    this.options?.onBatch({ topic: 't', partition, epoch: held.epoch, records, highWatermark: 0 });
  }

  private async subscribe(options: SubscribeOptions): Promise<Subscription> {
    this.options = options;
    const each = (partitions: readonly { partition: number }[], paused: boolean) => {
      for (const { partition } of partitions) {
        const held = this.held.get(partition);
        if (held) held.paused = paused;
      }
    };
    return {
      loops: () => [],
      commit: async offsets => this.group.commit(this, offsets),
      pause: partitions => each(partitions, true),
      resume: partitions => each(partitions, false),
      close: async () => undefined,
    };
  }
}

/**
 * Kafka's side of a consumer group as simply as it can be told: logs, who owns what under which epoch, what is committed.
 * Notes where what its members do breaks what is promised.
 */
export class GroupModel {
  readonly runs: Run[] = [];
  /** Offsets whose work has succeeded at some member. */
  readonly done: Set<number>[];
  readonly partitions: PartitionState[];
  commitsFail = false;
  /** Promises that were broken: kept here, since members contain what their work throws. */
  readonly broken: string[] = [];
  private readonly begun: Map<string, number>[];

  constructor(logs: readonly (readonly Entry[])[]) {
    this.partitions = logs.map(log => ({ log, epoch: 0, owner: undefined, committed: undefined }));
    this.done = logs.map(() => new Set<number>());
    this.begun = logs.map(() => new Map<string, number>());
  }

  give(partition: number, owner: Member): void {
    const state = this.partitions[partition]!;
    const { committed } = state;
    state.owner = owner;
    state.epoch += 1;
    const from = committed?.offset ?? 0;
    const runs = committed ? decodeRuns(committed.offset, committed.metadata) : [];
    const before = state.log.filter(({ offset }) => offset < from).length;
    owner.assign(partition, {
      epoch: state.epoch,
      from: before,
      read: before,
      paused: false,
      committed,
      knownDone: offset => runs.some(run => run.from <= offset && offset < run.to),
      begun: new Set(),
    });
  }

  /** Whether all of the log is committed. */
  isCommitted({ log, committed }: PartitionState): boolean {
    const last = log.at(-1);
    return last === undefined || committed?.offset === last.offset + 1;
  }

  /** Hands up to so many entries on, unless the partition is paused; `again`: some that came before first. */
  feed(partition: number, count: number, again = 0): void {
    const { owner, log } = this.partitions[partition]!;
    const held = owner?.held.get(partition);
    if (!owner?.alive || !held || held.paused) return;
    const from = Math.max(held.from, held.read - again);
    held.read = Math.min(log.length, held.read + count);
    owner.receive(partition, log.slice(from, held.read));
  }

  /** What a member is to do for a record: a run that the model lets go on. */
  work(member: Member, { partition, offset }: ReceivedRecord) {
    const entry = this.partitions[partition]!.log.find(one => one.offset === offset)!;
    const { key, dueInMs, waits } = entry;
    return {
      lane: key === undefined ? undefined : `${partition}/${key}`,
      ...(dueInMs !== undefined && { dueAt: Date.now() + dueInMs }),
      ...(waits === 'shelved' && { shelves: true }),
      run: async (_done: () => void, park = justWait) => {
        const run = this.start(member, partition, entry);
        try {
          if (waits) await park(this.step(run, 'waiting'));
          await this.step(run, 'working');
          this.done[partition]!.add(offset);
        } finally {
          run.state = 'over';
          this.runs.splice(this.runs.indexOf(run), 1);
        }
      },
    };
  }

  commit(member: Member, offsets: readonly CommitOffset[]): void {
    if (this.commitsFail) throw new Error('not now');
    for (const { partition, epoch, offset, metadata = '' } of offsets) {
      const state = this.partitions[partition]!;
      if (state.owner !== member || state.epoch !== epoch || !member.alive) continue;
      this.promise(
        offset >= (state.committed?.offset ?? 0),
        `the commit of ${partition} went back to ${offset}`,
      );
      const runs = decodeRuns(offset, metadata);
      for (const { offset: one } of state.log) {
        const said = one < offset || runs.some(({ from, to }) => from <= one && one < to);
        this.promise(
          !said || this.done[partition]!.has(one),
          `${partition}/${one} was committed and is not done`,
        );
      }
      state.committed = { offset, metadata };
    }
  }

  private start(member: Member, partition: number, entry: Entry): Run {
    const place = `${partition}/${entry.offset}`;
    const held = member.held.get(partition);
    this.promise(held !== undefined, `${place} was begun by a member that does not hold it`);
    this.promise(!held?.knownDone(entry.offset), `${place} was done, and the commit said so`);
    this.promise(!held?.begun.has(entry.offset), `${place} was begun twice in one assignment`);
    held?.begun.add(entry.offset);
    const { key } = entry;
    if (key !== undefined) {
      const beside = this.runs.some(
        run => run.member === member && run.partition === partition && run.entry.key === key,
      );
      this.promise(!beside, `${place} was begun beside another of its key`);
      const before = this.partitions[partition]!.log.filter(
        one => one.key === key && one.offset < entry.offset,
      );
      const last = this.begun[partition]!.get(key) ?? -1;
      this.promise(
        before.every(({ offset }) => offset <= last),
        `${place} was begun first, before an earlier one of its key`,
      );
      this.begun[partition]!.set(key, Math.max(last, entry.offset));
    }
    const run: Run = { member, partition, entry, state: 'working', go: () => undefined };
    this.runs.push(run);
    return run;
  }

  private step(run: Run, state: 'waiting' | 'working'): Promise<void> {
    run.state = state;
    this.checkConcurrency(run.member);
    return new Promise((resolve, reject) => {
      run.go = outcome => (outcome === 'fails' ? reject(new Error('it is left undone')) : resolve());
    });
  }

  private checkConcurrency(member: Member): void {
    const working = this.runs.filter(run => run.member === member && run.state === 'working').length;
    this.promise(working <= member.concurrency, `${working} run side by side, ${member.concurrency} may`);
  }

  private promise(kept: boolean, what: string): void {
    if (!kept) this.broken.push(what);
  }
}
