import { DriverError } from '../driver.js';
import type { DriverEvents, ReceivedRecord, Tail, TailOptions } from '../driver.js';
import { Backoff } from './backoff.js';
import type { BrokerLink } from './broker-link.js';
import type { Cluster } from './cluster.js';
import { pause } from './deadline.js';
import { brokerError, messageOf, NO_ERROR } from './errors.js';
import { decompress } from './internals.js';
import { APIS } from './protocol/api.js';
import { batchHeaders, isCompressed, readBatches } from './protocol/batch-reader.js';
import type { BatchHeader } from './protocol/batch-reader.js';
import { fetchRequest } from './protocol/fetch.js';
import type { FetchAnswer, FetchedPartition } from './protocol/fetch.js';
import { Reader } from './protocol/reader.js';
import { Writer } from './protocol/writer.js';
import type { Timeouts } from './settings.js';
import { TailPositions } from './tail-positions.js';

/** How long a broker may hold a fetch while nothing arrives; also how late a moved partition may be picked up. */
const MAX_WAIT_MS = 500;
const FETCH = {
  maxWaitMs: MAX_WAIT_MS,
  minBytes: 1,
  maxBytes: 8 * 1024 * 1024,
  maxPartitionBytes: 2 * 1024 * 1024,
  isolation: 'read_uncommitted',
} as const;
/** How long the start offsets may take to be fixed. */
const START_TIMEOUT_MS = 15_000;

export interface TailDependencies extends Timeouts {
  /** Connections for this tail alone: it closes them. */
  cluster: Cluster;
  emit<K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]): void;
}

interface Fetched {
  part: FetchedPartition;
  bytes: Buffer;
  headers: BatchHeader[];
  from: number;
}

/**
 * Reads partitions without a group: to each leader one fetch is always under way, and the next one is sent before
 * the records of the last are handed on.
 */
export class KafkajsTail implements Tail {
  private readonly positions: TailPositions;
  /** Leaders with a fetch under way, or with records of one still to be handed on. */
  private readonly busy = new Set<number>();
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();
  private recovering = false;
  /** The last failure told: a broker that is down is told of once, not at each try. */
  private told: string | undefined;

  constructor(
    private readonly options: TailOptions,
    private readonly dependencies: TailDependencies,
  ) {
    const onGap: TailOptions['onGap'] = gap => this.shield(() => options.onGap(gap));
    const { cluster, requestTimeoutMs } = dependencies;
    this.positions = new TailPositions({ ...options, onGap }, cluster, requestTimeoutMs);
  }

  get reading(): boolean {
    return !this.closed && this.positions.settled;
  }

  /** Fixes all start offsets, then begins to read. */
  async start(): Promise<void> {
    const until = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        await this.positions.fix();
        break;
      } catch (error) {
        const isFinal = error instanceof DriverError && error.kind === 'permanent';
        if (isFinal || this.closed || performance.now() > until) throw error;
      }
      await pause(this.backoff.take(), this.stopping.signal);
    }
    this.backoff.reset();
    this.pollAll();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    this.dependencies.cluster.close();
  }

  private get closed(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Starts a fetch at each leader that has none under way, and looks for the leaders that are not known. */
  private pollAll(): void {
    for (const leader of this.positions.leaders) this.poll(leader);
    if (this.positions.anyLost) this.recover();
  }

  private poll(leader: number): void {
    if (this.busy.has(leader) || this.closed) return;
    this.busy.add(leader);
    const { cluster } = this.dependencies;
    const link = cluster.linkNow(leader);
    if (link) return this.fetch(leader, link);
    cluster.link(leader).then(
      opened => this.fetch(leader, opened),
      (error: unknown) => this.lose(leader, error),
    );
  }

  /** One fetch of all that `leader` leads. Written to the socket before this returns. */
  private fetch(leader: number, link: BrokerLink): void {
    const { topic } = this.options;
    const positions = this.positions.ledBy(leader);
    if (positions.length === 0 || this.closed) {
      this.busy.delete(leader);
      return;
    }
    const wanted = positions.map(({ partition, offset }) => ({ topic, partition, offset }));
    const request = fetchRequest(wanted, FETCH);
    const body = new Writer(link.headerBytes);
    request.write(body);
    const patienceMs = MAX_WAIT_MS + this.dependencies.requestTimeoutMs;
    link.dispatch(APIS.fetch, body.finish(), patienceMs, (error, payload) => {
      if (this.closed) return;
      if (error?.code === 'REQUEST_TIMED_OUT') {
        this.dependencies.emit('stalled', { where: `tail of ${topic}`, forMs: patienceMs });
      }
      let answer: FetchAnswer;
      try {
        if (error) throw error;
        answer = request.read(new Reader(payload));
        if (answer.errorCode !== NO_ERROR) throw brokerError(answer.errorCode, `Fetching from ${topic}`);
      } catch (cause) {
        this.lose(leader, cause);
        return;
      }
      link.throttle(answer.throttleMs);
      this.take(leader, answer.partitions);
    });
  }

  private take(leader: number, parts: readonly FetchedPartition[]): void {
    const fetched = this.advance(leader, parts);
    if (fetched.some(({ headers }) => headers.some(isCompressed))) {
      // Reading them takes turns of the loop: the next fetch waits, so that order holds.
      void this.deliverInTurn(fetched).finally(() => this.next(leader));
      return;
    }
    this.next(leader);
    for (const one of fetched) {
      const records = this.read(one);
      if (!(records instanceof Promise)) this.deliver(one, records);
    }
  }

  /** Moves the positions past what was fetched, as far as the batches' headers tell. */
  private advance(leader: number, parts: readonly FetchedPartition[]): Fetched[] {
    const fetched: Fetched[] = [];
    for (const part of parts) {
      const position = this.positions.at(part.partition, leader);
      if (!position) continue;
      if (part.errorCode !== NO_ERROR) {
        this.positions.refuse(position, part.errorCode);
        continue;
      }
      position.answered = true;
      const bytes = part.records;
      const headers = bytes ? batchHeaders(bytes) : [];
      const last = headers.at(-1);
      if (!bytes || !last) continue;
      fetched.push({ part, bytes, headers, from: position.offset });
      position.offset = Math.max(position.offset, last.lastOffset + 1);
    }
    return fetched;
  }

  private next(leader: number): void {
    this.busy.delete(leader);
    if (this.reading) {
      this.backoff.reset();
      this.told = undefined;
    }
    this.pollAll();
  }

  private read({ part, bytes, headers, from }: Fetched) {
    const { topic, partition, aborted } = part;
    const source = { topic, partition, aborted, bytes, from };
    return readBatches(source, headers, { decompress, onUnreadable: this.report });
  }

  private async deliverInTurn(fetched: readonly Fetched[]): Promise<void> {
    for (const one of fetched) this.deliver(one, await this.read(one));
  }

  private deliver({ part }: Fetched, records: readonly ReceivedRecord[]): void {
    if (records.length === 0 || this.closed) return;
    const { topic, partition, highWatermark } = part;
    this.shield(() => this.options.onBatch({ topic, partition, epoch: 0, records, highWatermark }));
  }

  private lose(leader: number, error: unknown): void {
    this.busy.delete(leader);
    if (this.closed) return;
    this.positions.lose(leader);
    this.reportOnce(error);
    this.recover();
  }

  /** Looks for leaders until every partition has one. */
  private recover(): void {
    if (this.recovering || this.closed) return;
    this.recovering = true;
    void this.findLeaders().finally(() => {
      this.recovering = false;
      if (this.positions.anyLost) this.recover();
    });
  }

  private async findLeaders(): Promise<void> {
    while (!this.closed && this.positions.anyLost) {
      await pause(this.backoff.take(), this.stopping.signal);
      if (this.closed) return;
      await this.positions.findLost().catch(this.reportOnce);
      for (const leader of this.positions.leaders) this.poll(leader);
    }
  }

  private shield(callback: () => void): void {
    if (this.closed) return;
    try {
      callback();
    } catch (error) {
      this.report(error);
    }
  }

  private readonly reportOnce = (error: unknown): void => {
    const message = messageOf(error);
    if (message === this.told) return;
    this.told = message;
    this.report(error);
  };

  private readonly report = (error: unknown): void => {
    if (this.closed) return;
    const told = error instanceof Error ? error : new Error(messageOf(error));
    this.dependencies.emit('error', { error: told, where: `tail of ${this.options.topic}` });
  };
}
