import type { DriverEvents, ReceivedBatch, ReceivedRecord } from '../driver.js';
import type { BrokerLink } from '../cluster/broker-link.js';
import type { Cluster } from '../cluster/cluster.js';
import { brokerError, NO_ERROR } from '../errors.js';
import { FailureReport } from '../failure-report.js';
import { Stall } from '../stall.js';
import { advance, recordsOf, takesTurns } from './fetched.js';
import type { Decompress, Fetched } from './fetched.js';
import { Flights } from './flights.js';
import type { Flight } from './flights.js';
import { APIS } from '../protocol/api.js';
import { fetchRequest } from '../protocol/fetch.js';
import type { FetchAnswer, FetchedPartition } from '../protocol/fetch.js';
import { Reader } from '../protocol/reader.js';
import { Writer } from '../protocol/writer.js';
import type { LoopHealth } from '../loop-health.js';
import { LeaderSearch } from './leader-search.js';
import { ReadPositions } from './read-positions.js';
import type { HeldBack, ReadPosition, ReadPositionsOptions, TopicPartition } from './read-positions.js';

/** How long a broker may hold a fetch while nothing arrives; also how late a moved partition may be picked up. */
const MAX_WAIT_MS = 500;
const FETCH = {
  maxWaitMs: MAX_WAIT_MS,
  minBytes: 1,
  maxBytes: 8 * 1024 * 1024,
  maxPartitionBytes: 2 * 1024 * 1024,
  isolation: 'read_uncommitted',
} as const;

export interface PartitionReaderOptions extends Pick<ReadPositionsOptions, 'whenShorter' | 'onGap'> {
  /** What reads, for errors and events: "tail of a". */
  where: string;
  /**
   * Connections for this reader alone, which closes them. A second set lets a partition that is added or resumed
   * while a long poll is open be fetched at once; the open poll is then given up.
   */
  clusters: readonly [Cluster, ...Cluster[]];
  /** Finds leaders and the ends of logs. */
  lookups: Cluster;
  requestTimeoutMs: number;
  decompress: Decompress;
  onBatch(batch: ReceivedBatch): void;
  /** What is before `offset` was handed on, if there was anything to hand on. */
  onPassed?(position: ReadPosition, offset: number): void;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

/**
 * Reads partitions, which may come, go and pause at any time: at each leader one fetch is always under way, and
 * the next one is sent before the records of the last are handed on.
 */
export class PartitionReader {
  readonly positions: ReadPositions;
  private readonly flights: Flights;
  private readonly stopping = new AbortController();
  private readonly search: LeaderSearch;
  private readonly failures: FailureReport;
  private readonly stall: Stall;
  private turns = 0;

  constructor(private readonly options: PartitionReaderOptions) {
    const { clusters, lookups: cluster, requestTimeoutMs, whenShorter } = options;
    this.flights = new Flights(clusters);
    this.failures = new FailureReport({ ...options, signal: this.stopping.signal });
    this.stall = new Stall(options);
    this.positions = new ReadPositions({
      cluster,
      requestTimeoutMs,
      whenShorter,
      onGap: (position, expected) => this.failures.shield(() => options.onGap(position, expected)),
      onRefused: this.failures.tell,
    });
    this.search = new LeaderSearch({
      positions: this.positions,
      onLooked: () => {
        this.turns += 1;
        this.hastenAll();
      },
      onError: this.failures.tellOnce,
    });
  }

  get reading(): boolean {
    return !this.closed && this.positions.settled;
  }

  get loop(): LoopHealth {
    return { name: this.options.where, turns: this.turns, idle: this.closed || !this.positions.anyWanted };
  }

  /** Fetches what was added to the positions, at once. */
  wake(): void {
    if (this.closed) return;
    this.hastenAll();
    if (this.positions.anyLost) void this.search.look();
  }

  pause(position: ReadPosition): void {
    position.paused = true;
  }

  resume(position: ReadPosition): void {
    if (!position.paused) return;
    position.paused = false;
    // Not within the caller's turn; before the answer of any fetch.
    queueMicrotask(() => {
      while (
        position.heldBack.length > 0 &&
        !position.paused &&
        !this.closed &&
        this.positions.has(position)
      ) {
        this.handOn(position, position.heldBack.shift()!);
      }
      if (position.leader !== undefined) this.hasten(position.leader);
    });
  }

  /** Reads it no more. */
  remove(entry: TopicPartition): void {
    this.positions.remove(entry);
    if (this.positions.settled) this.stall.over();
  }

  close(): void {
    this.stopping.abort();
    this.stall.over();
    this.search.close();
    for (const cluster of this.options.clusters) cluster.close();
  }

  private get closed(): boolean {
    return this.stopping.signal.aborted;
  }

  private hastenAll(): void {
    for (const leader of this.positions.leaders) this.hasten(leader);
  }

  /** Fetches now where the open poll leaves something out. */
  private hasten(leader: number): void {
    const current = this.flights.at(leader);
    if (current) {
      const leavesOut = this.positions.wantedOf(leader).some(({ flight }) => flight !== current);
      if (!leavesOut || current.taking || !this.flights.hasRoom(leader)) return;
      this.flights.giveUp(current);
    }
    this.poll(leader);
  }

  /** Starts a fetch at the leader where none is under way. */
  private poll(leader: number): void {
    const flight = this.closed ? undefined : this.flights.begin(leader);
    if (!flight) return;
    const link = flight.cluster.linkNow(leader);
    if (link) return this.fetch(flight, link);
    flight.cluster.link(leader).then(
      opened => this.fetch(flight, opened),
      (error: unknown) => this.fail(flight, error),
    );
  }

  /** One fetch of all that is wanted of the leader. Written to the socket before this returns. */
  private fetch(flight: Flight, link: BrokerLink): void {
    const { requestTimeoutMs, where } = this.options;
    const positions = this.flights.counts(flight)
      ? this.positions.wantedOf(flight.leader).filter(position => !position.flight?.taking)
      : [];
    if (positions.length === 0 || this.closed) return this.land(flight);
    this.turns += 1;
    for (const position of positions) position.flight = flight;
    const request = fetchRequest(positions, FETCH);
    const body = new Writer(link.headerBytes);
    request.write(body);
    const patienceMs = MAX_WAIT_MS + requestTimeoutMs;
    link.dispatch(APIS.fetch, body.finish(), patienceMs, (error, payload) => {
      if (this.closed) return;
      this.turns += 1;
      if (error?.code === 'REQUEST_TIMED_OUT') this.stall.tell(patienceMs);
      let answer: FetchAnswer;
      try {
        if (error) throw error;
        answer = request.read(new Reader(payload));
        if (answer.errorCode !== NO_ERROR) throw brokerError(answer.errorCode, `Fetching for the ${where}`);
      } catch (cause) {
        return this.fail(flight, cause);
      }
      link.throttle(answer.throttleMs);
      this.take(flight, answer.partitions);
    });
  }

  private take(flight: Flight, parts: readonly FetchedPartition[]): void {
    const fetched = advance(this.positions, flight, parts, this.options.onPassed && this.passNothing);
    if (fetched.some(takesTurns)) {
      // Reading them takes turns of the loop: the next fetch waits, so that order holds.
      flight.taking = true;
      void this.deliverInTurn(fetched).finally(() => this.next(flight));
      return;
    }
    this.next(flight);
    for (const one of fetched) {
      const records = this.read(one);
      if (!(records instanceof Promise)) this.deliver(one, records);
    }
  }

  private next(flight: Flight): void {
    if (this.positions.settled) {
      this.search.settled();
      this.failures.clear();
      this.stall.over();
    }
    this.land(flight);
    for (const leader of this.positions.leaders) this.poll(leader);
    this.search.begin();
  }

  /** Frees the connection; goes on if what was wanted meanwhile had no room. */
  private land(flight: Flight): void {
    const { leader } = flight;
    this.flights.end(flight);
    for (const position of this.positions.wantedOf(leader)) {
      if (position.flight === flight) position.flight = undefined;
    }
    if (!this.closed && this.positions.wantedOf(leader).length > 0) this.hasten(leader);
  }

  private async deliverInTurn(fetched: readonly Fetched[]): Promise<void> {
    for (const one of fetched) this.deliver(one, await this.read(one));
  }

  private read(one: Fetched): ReceivedRecord[] | Promise<ReceivedRecord[]> {
    return recordsOf(one, { decompress: this.options.decompress, onUnreadable: this.failures.tell });
  }

  private deliver({ part, position, to }: Fetched, records: readonly ReceivedRecord[]): void {
    if (!this.positions.has(position) || (records.length === 0 && !this.options.onPassed)) return;
    const brought = { records, highWatermark: part.highWatermark, to };
    if (position.paused || position.heldBack.length > 0) position.heldBack.push(brought);
    else this.handOn(position, brought);
  }

  private handOn(position: ReadPosition, { records, highWatermark, to }: HeldBack): void {
    const { topic, partition, epoch } = position;
    const { options } = this;
    if (records.length > 0)
      this.failures.shield(() => options.onBatch({ topic, partition, epoch, records, highWatermark }));
    if (options.onPassed) this.failures.shield(() => options.onPassed?.(position, to));
  }

  private readonly passNothing = (position: ReadPosition): void => {
    if (!position.paused && position.heldBack.length === 0)
      this.failures.shield(() => this.options.onPassed?.(position, position.offset));
  };

  private fail(flight: Flight, error: unknown): void {
    this.flights.end(flight);
    if (this.closed) return;
    this.turns += 1;
    this.positions.lose(flight.leader);
    if (this.positions.settled) this.stall.over(); // Nothing is read there any more.
    this.failures.tellOnce(error);
    this.search.begin();
  }
}
