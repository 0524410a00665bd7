import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from '@parley/tools/processes';
import { withAdmin } from './admin.js';

/** What a group had committed of a partition at a time; -1 for nothing. */
export interface CommittedOffset {
  at: number;
  group: string;
  topic: string;
  partition: number;
  offset: number;
}

const EVERY_MS = 500;

/** Reads again and again what groups have committed. */
export class GroupWatch {
  readonly seen: CommittedOffset[] = [];
  readonly #over = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(
    private readonly brokers: readonly string[],
    /** Only groups and topics whose names begin so. */
    private readonly prefix: string,
  ) {}

  start(): void {
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#watching;
  }

  /** Resolves once no group has anything left to do, with nothing; or else with what is left when the time is up. */
  async drained(limitMs: number, signal?: AbortSignal): Promise<string[]> {
    const until = performance.now() + limitMs;
    for (;;) {
      const left = await this.#lags().catch((error: unknown) => [String(error)]);
      if (left.length === 0 || performance.now() > until) return left;
      await sleep(EVERY_MS, undefined, { signal });
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      // While a broker dies there is no answer; the next look tells as much.
      await this.#look().catch(() => undefined);
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    await withAdmin(this.brokers, async admin => {
      const groups = (await admin.listGroups()).groups.filter(({ groupId }) =>
        groupId.startsWith(this.prefix),
      );
      for (const { groupId: group } of groups) {
        const topics = await admin.fetchOffsets({ groupId: group });
        const at = clock();
        for (const { topic, partitions } of topics)
          for (const { partition, offset } of partitions)
            this.seen.push({ at, group, topic, partition, offset: Number(offset) });
      }
    });
  }

  /** `group: topic/partition N` where records are left. */
  async #lags(): Promise<string[]> {
    await this.#look();
    const last = new Map(
      this.seen.map(seen => [`${seen.group} ${seen.topic}/${seen.partition}`, seen] as const),
    );
    return withAdmin(this.brokers, async admin => {
      const lags: string[] = [];
      for (const [name, { topic, partition, offset }] of last) {
        const end = (await admin.fetchTopicOffsets(topic)).find(one => one.partition === partition);
        const lag = Number(end?.high ?? 0) - Math.max(0, offset);
        if (lag > 0) lags.push(`${name}: ${lag} records`);
      }
      return lags;
    });
  }
}
