import { DriverError } from '../driver.js';
import type { DriverEvents, ReceivedBatch } from '../driver.js';
import { brokerError, messageOf, NO_ERROR, OFFSET_OUT_OF_RANGE, unanswered } from '../errors.js';
import { APIS } from '../protocol/api.js';
import { batchHeaders, readBatches } from '../protocol/batch-reader.js';
import { fetchRequest } from '../protocol/fetch.js';
import type { FetchedPartition } from '../protocol/fetch.js';
import { Reader } from '../protocol/reader.js';
import { Writer } from '../protocol/writer.js';
import type { BrokerLink } from './broker-link.js';
import type { Cluster } from './cluster.js';
import { decompress } from './decompress.js';
import { keyOf } from './position.js';
import type { Position } from './position.js';
import { Relocation } from './relocation.js';
import type { Gap } from './relocation.js';

const MAX_BYTES = 8 * 1024 * 1024;

export interface FetcherOptions {
  /** Connections for this fetcher alone: it closes them. Long polls must not hold up other requests. */
  cluster: Cluster;
  /** Named in what is told of failures. */
  where: string;
  requestTimeoutMs: number;
  /** How long a broker may hold a fetch while nothing arrives. */
  maxWaitMs: number;
  maxPartitionBytes: number;
  /** Where to go on when a position lies past its log's end. */
  pastEnd: 'start' | 'end';
  onBatch(batch: ReceivedBatch): void;
  onGap(gap: Gap): void;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

type Fetched = FetchedPartition & { position: Position; from: number };

/**
 * Reads partitions from their leaders: to each leader one fetch is always under way, and the next one is sent before
 * the records of the last are handed on. A position moves only past records that were handed on, so that whatever
 * fails on the way is read again. The client's own streams end at an error that they cannot recover from, and fail
 * at a batch that they cannot read.
 */
export class Fetcher {
  private readonly positions = new Map<string, Position>();
  /** Leaders with a fetch under way. */
  private readonly polling = new Set<number>();
  private readonly stopping = new AbortController();
  private readonly relocation: Relocation;
  /** The last failure told: a broker that is down is told of once, not at each try. */
  private told: string | undefined;

  constructor(private readonly options: FetcherOptions) {
    const { cluster, requestTimeoutMs, pastEnd } = options;
    this.relocation = new Relocation({
      cluster,
      requestTimeoutMs,
      pastEnd,
      lost: () => [...this.positions.values()].filter(({ leader }) => leader === undefined),
      onFound: () => this.pollAll(),
      onGap: gap => this.tellGap(gap),
      report: error => this.reportOnce(error),
    });
  }

  /** True while every partition has a leader and its last fetch was answered. */
  get reading(): boolean {
    if (this.stopping.signal.aborted) return false;
    for (const { leader, answered } of this.positions.values()) {
      if (leader === undefined || !answered) return false;
    }
    return true;
  }

  get(where: { topic: string; partition: number }): Position | undefined {
    return this.positions.get(keyOf(where));
  }

  /** Begins to read, in place of what was read of the same partitions before. */
  read(positions: readonly Position[]): void {
    for (const position of positions) this.positions.set(keyOf(position), position);
    this.pollAll();
  }

  drop(partitions: readonly { topic: string; partition: number }[]): void {
    for (const entry of partitions) this.positions.delete(keyOf(entry));
  }

  /** Takes effect at once when set; a resumed partition is read within `maxWaitMs`. */
  setPaused(partitions: readonly { topic: string; partition: number }[], paused: boolean): void {
    for (const entry of partitions) {
      const position = this.get(entry);
      if (position) position.paused = paused;
    }
    if (!paused) this.pollAll();
  }

  /** Nothing is handed on afterwards. */
  close(): void {
    this.stopping.abort();
    this.relocation.close();
    this.options.cluster.close();
  }

  readonly report = (error: unknown): void => {
    if (this.stopping.signal.aborted) return;
    const told = error instanceof Error ? error : new Error(messageOf(error));
    this.options.emit('error', { error: told, where: this.options.where });
  };

  /** Starts a fetch at each leader that has none under way, and looks for the leaders that are not known. */
  private pollAll(): void {
    if (this.stopping.signal.aborted) return;
    const leaders = new Set<number>();
    for (const { leader, paused } of this.positions.values()) {
      if (leader === undefined) this.relocation.begin();
      else if (!paused) leaders.add(leader);
    }
    for (const leader of leaders) this.poll(leader);
  }

  private poll(leader: number): void {
    if (this.polling.has(leader)) return;
    this.polling.add(leader);
    const { cluster } = this.options;
    const link = cluster.linkNow(leader);
    if (link) return this.fetch(leader, link);
    cluster.link(leader).then(
      opened => this.fetch(leader, opened),
      (error: unknown) => this.lose(leader, error),
    );
  }

  /** One fetch of all that `leader` leads. Written to the socket before this returns. */
  private fetch(leader: number, link: BrokerLink): void {
    const { maxWaitMs, maxPartitionBytes, requestTimeoutMs, where } = this.options;
    const wanted = [...this.positions.values()].filter(each => each.leader === leader && !each.paused);
    if (wanted.length === 0 || this.stopping.signal.aborted) {
      this.polling.delete(leader);
      return;
    }
    const asked = new Map(wanted.map(position => [keyOf(position), { position, from: position.offset }]));
    const request = fetchRequest(wanted, {
      maxWaitMs,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      maxPartitionBytes,
      isolation: 'read_uncommitted',
    });
    const body = new Writer();
    request.write(body);
    const patienceMs = maxWaitMs + requestTimeoutMs;
    link.dispatch(APIS.fetch, body.finish(), patienceMs, (error, payload) => {
      if (this.stopping.signal.aborted) return;
      try {
        if (error || !payload) throw error ?? unanswered(`Fetch at ${link.name}`, 'nothing');
        const answer = request.read(new Reader(payload));
        if (answer.errorCode !== NO_ERROR) throw brokerError(answer.errorCode, `Fetching for the ${where}`);
        link.throttle(answer.throttleMs);
        this.take(leader, answer.partitions, asked);
      } catch (cause) {
        if (cause instanceof DriverError && cause.code === 'REQUEST_TIMED_OUT')
          this.options.emit('stalled', { where, forMs: patienceMs });
        this.lose(leader, cause);
      }
    });
  }

  private take(
    leader: number,
    fetched: readonly FetchedPartition[],
    asked: ReadonlyMap<string, { position: Position; from: number }>,
  ): void {
    const readable: Fetched[] = [];
    for (const part of fetched) {
      const { position, from } = asked.get(keyOf(part)) ?? {};
      if (!position || from === undefined || this.get(part) !== position) continue;
      if (position.leader !== leader || position.paused) continue;
      if (part.errorCode === NO_ERROR) {
        position.answered = true;
        if (part.records) readable.push({ ...part, position, from });
      } else {
        position.answered = false;
        position.leader = undefined;
        position.outOfRange = part.errorCode === OFFSET_OUT_OF_RANGE;
      }
    }
    if (this.reading) {
      this.relocation.settled();
      this.told = undefined;
    }
    this.handOn(leader, readable);
  }

  private handOn(leader: number, readable: readonly Fetched[]): void {
    const pollOn = () => {
      this.polling.delete(leader);
      this.pollAll();
    };
    const compressed: Promise<void>[] = [];
    const deliveries: (() => void)[] = [];
    for (const part of readable) {
      const { position, from, records: bytes } = part;
      const headers = bytes ? batchHeaders(bytes) : [];
      const last = headers.at(-1);
      if (!bytes || !last) continue;
      position.offset = Math.max(from, last.lastOffset + 1);
      // Brokers fill an answer in the order that was asked for: whoever brought records comes last next time.
      this.positions.delete(keyOf(position));
      this.positions.set(keyOf(position), position);
      const { topic, partition } = position;
      const source = { topic, partition, aborted: part.aborted, from, bytes };
      const read = () =>
        readBatches(source, headers, { decompress: this.decompress, onUnreadable: this.report });
      if (headers.some(({ attributes }) => attributes & 7)) {
        compressed.push(Promise.resolve(read()).then(records => this.deliver(part, records)));
      } else {
        // Without compression records are read in this turn.
        deliveries.push(() => this.deliver(part, read() as Awaited<ReturnType<typeof read>>));
      }
    }
    // Compressed records take turns of the loop to read: what follows waits, so that order holds.
    if (compressed.length === 0) pollOn();
    for (const deliver of deliveries) deliver();
    if (compressed.length > 0) void Promise.allSettled(compressed).then(pollOn);
  }

  private deliver({ position, from, highWatermark }: Fetched, records: ReceivedBatch['records']): void {
    if (records.length === 0 || this.stopping.signal.aborted || this.get(position) !== position) return;
    if (position.paused) {
      position.offset = from; // paused while it was decompressed: it is read again
      return;
    }
    const { topic, partition, epoch } = position;
    try {
      this.options.onBatch({ topic, partition, epoch, records, highWatermark });
    } catch (error) {
      this.report(error);
    }
  }

  /** Everything that was read from `leader` is read elsewhere, or from there again, once it is found. */
  private lose(leader: number, error: unknown): void {
    this.polling.delete(leader);
    if (this.stopping.signal.aborted) return;
    for (const position of this.positions.values()) {
      if (position.leader !== leader) continue;
      position.leader = undefined;
      position.answered = false;
    }
    this.reportOnce(error);
    this.relocation.begin();
  }

  private tellGap(gap: Gap): void {
    if (this.stopping.signal.aborted || this.get(gap.position) !== gap.position) return;
    try {
      this.options.onGap(gap);
    } catch (error) {
      this.report(error);
    }
  }

  private readonly decompress = async (codec: number, bytes: Buffer): Promise<Buffer> =>
    decompress(await this.options.cluster.client(), codec, bytes);

  private readonly reportOnce = (error: unknown): void => {
    const message = messageOf(error);
    if (message === this.told) return;
    this.told = message;
    this.report(error);
  };
}
