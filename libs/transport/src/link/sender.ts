import { DriverError, type Driver, type OutgoingRecord, type ProduceOutcome } from '../drivers/driver.js';
import type { LoopHealth } from '../drivers/loop-health.js';
import type { InstanceAddress } from '../wire/header.js';
import { PART_BYTES } from '../wire/parts.js';
import { ProduceTelemetry } from '../telemetry/produced.js';
import type { Status } from '../wire/status.js';
import { Backlog } from './backlog.js';
import { FrameParcel, type FrameSource } from './frame-parcel.js';
import { Leader } from './leader.js';
import type { Parcel } from './parcel.js';
import type { PartitionQueue } from './partition-queue.js';
import { PartitionQueues } from './partition-queues.js';
import {
  asDriverError,
  leaderless,
  statusOfDriverError,
  unavailable,
  unknownPartition,
} from './driver-status.js';
import { SENDER_DEFAULTS, type SenderOptions } from './sender-options.js';

/** One produce request carries at most so much, whatever the number of partitions. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
/** The longest that keyless records stay with one partition, in ms. */
const LONGEST_TURN_MS = 20;

/**
 * The coalescing producer. One request at a time is in flight to each leader; all that comes up meanwhile leaves in
 * the next. A partition whose batch failed is retried unchanged, in order, on its own; no partition or leader holds
 * up another.
 */
export class Sender {
  private readonly options: SenderOptions;
  private readonly queues = new PartitionQueues();
  private readonly leaders = new Map<number, Leader>();
  private readonly openParcels = new Map<string, FrameParcel>();
  private readonly backlog: Backlog;
  private closed = false;
  private batches = 0;

  constructor(
    private readonly driver: Driver,
    options: Partial<SenderOptions> = {},
    /** Told why a topic's records failed for good: frames have nobody else who could tell. */
    private readonly onRefused: (topic: string, error: DriverError) => void = () => undefined,
  ) {
    this.options = { ...SENDER_DEFAULTS, ...options };
    this.backlog = new Backlog(this.options.now);
  }

  /** Milliseconds since a broker acknowledged anything, while something waits; 0 when nothing does. */
  get stuckForMs(): number {
    return this.backlog.stuckForMs;
  }

  /** What sends to each broker, as it is now. */
  loops(): readonly LoopHealth[] {
    return [...this.leaders.values()].map(({ loop }) => loop);
  }

  /**
   * Which partition's turn it is to take records without a key: moves on with each batch, and at least every 20 ms,
   * so that a leader that hangs holds up its share only.
   */
  get turn(): number {
    return this.batches + Math.floor(this.options.now() / LONGEST_TURN_MS);
  }

  get queued(): { parcels: number; bytes: number } {
    return { parcels: this.backlog.parcels, bytes: this.backlog.bytes };
  }

  /** Takes the parcel, or says why not: UNAVAILABLE while the queue is full, INVALID_ARGUMENT for a record too large. */
  offer(parcel: Parcel): Status | undefined {
    const { maxQueuedBytes, maxQueuedParcels, maxRecordBytes } = this.options;
    if (this.closed) return unavailable('this process is closing its link to Kafka');
    if (parcel.bytes > maxRecordBytes) {
      return {
        code: 'INVALID_ARGUMENT',
        message: `a record of ${parcel.bytes} bytes for ${parcel.topic} is larger than ${maxRecordBytes} bytes`,
      };
    }
    const { parcels, bytes } = this.backlog;
    if (bytes + parcel.bytes > maxQueuedBytes || parcels >= maxQueuedParcels) {
      return unavailable(
        `the send queue is full (${parcels} records, ${bytes} bytes): Kafka is down or slower than this process sends`,
      );
    }
    this.accept(parcel);
    return undefined;
  }

  /**
   * Lets `source` send frames to an instance. Never refused while the link is open: what waits here is bounded by
   * the calls that are open. What is `patient` leaves with the next request to that leader, or 5 ms later.
   */
  post(to: InstanceAddress, source: FrameSource, bytes: number, patient = false): void {
    if (this.closed) {
      source.failed?.(unavailable('this process is closing its link to Kafka'));
      return;
    }
    if (bytes >= PART_BYTES) {
      this.postBulk(to, source, bytes);
      return;
    }
    const key = `${to.topic}/${to.partition}/${to.instance}`;
    const open = this.openParcels.get(key);
    if (open?.add(source, bytes)) {
      this.backlog.add(0, bytes);
      if (open.patient && !patient) this.hurry(open);
      return;
    }
    const parcel = new FrameParcel(to, this.options.now() + this.options.frameTimeoutMs, () => {
      if (this.openParcels.get(key) === parcel) this.openParcels.delete(key);
    });
    parcel.add(source, bytes);
    parcel.patient = patient;
    this.openParcels.set(key, parcel);
    this.accept(parcel, !patient);
  }

  /** Something was added to it that is not to wait. */
  private hurry(parcel: FrameParcel): void {
    parcel.patient = false;
    const queue = this.queues.of(parcel.topic, parcel.partition);
    queue.urgent = true;
    this.ready(queue);
  }

  /** In a record of its own, which those of other calls overtake. */
  private postBulk(to: InstanceAddress, source: FrameSource, bytes: number): void {
    const parcel = new FrameParcel(to, this.options.now() + this.options.frameTimeoutMs);
    parcel.add(source, bytes);
    this.backlog.add(1, bytes);
    const queue = this.queues.of(to.topic, to.partition);
    queue.pushBulk(parcel);
    this.ready(queue);
  }

  /** Resolves once nothing waits and nothing is in flight, or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    await this.backlog.empty(timeoutMs);
  }

  /** Refuses what comes, flushes within `timeoutMs`, fails the rest UNAVAILABLE. */
  async close(timeoutMs: number): Promise<void> {
    await this.flush(timeoutMs);
    this.closed = true;
    for (const leader of this.leaders.values()) leader.rest();
    for (const queue of this.queues.all()) {
      clearTimeout(queue.retryTimer);
      queue.retryTimer = undefined;
      for (const parcel of [...queue.settle(), ...queue.drainWaiting()]) {
        this.fail(
          parcel,
          unavailable('the link to Kafka was closed before the broker acknowledged the record'),
        );
      }
    }
  }

  private accept(parcel: Parcel, urgent = true): void {
    this.backlog.add(1, parcel.bytes);
    const queue = this.queues.of(parcel.topic, parcel.partition);
    queue.push(parcel, urgent);
    this.ready(queue);
  }

  /** Puts a queue that may send to its leader, looking the leader up where it is not known. */
  private ready(queue: PartitionQueue): void {
    if (queue.busy || !queue.hasWaiting || this.closed) return;
    if (queue.leader === undefined || queue.leader < 0) {
      void this.lookUp(queue);
      return;
    }
    const leader = this.leaderOf(queue.leader);
    leader.ready.add(queue);
    leader.wake();
  }

  private leaderOf(id: number): Leader {
    let leader = this.leaders.get(id);
    if (!leader) this.leaders.set(id, (leader = new Leader(id, () => this.sendTo(leader!))));
    return leader;
  }

  private async sendTo(leader: Leader): Promise<void> {
    if (this.closed) return;
    const { records, queues } = this.takeBatch(leader);
    if (records.length === 0) return;
    const telemetry = ProduceTelemetry.begin(records);
    try {
      const outcomes = await this.driver.produce(leader.id, records);
      telemetry?.answered(outcomes);
      this.applyOutcomes(queues, outcomes);
    } catch (error) {
      telemetry?.failed(error);
      const failure = asDriverError(error);
      for (const queue of queues) this.applyFailure(queue, failure);
    }
  }

  private takeBatch(leader: Leader): { records: OutgoingRecord[]; queues: PartitionQueue[] } {
    this.batches += 1;
    const records: OutgoingRecord[] = [];
    const queues: PartitionQueue[] = [];
    const now = this.options.now();
    let bytes = 0;
    for (const queue of leader.ready) {
      if (bytes >= MAX_REQUEST_BYTES) break;
      leader.ready.delete(queue);
      const taken = queue.take(now, parcel => this.drop(parcel));
      if (taken.length === 0) continue;
      queues.push(queue);
      for (const record of taken) {
        bytes += record.value?.length ?? 0;
        records.push(record);
      }
    }
    return { records, queues };
  }

  private applyOutcomes(queues: readonly PartitionQueue[], outcomes: readonly ProduceOutcome[]): void {
    const byPartition = new Map(outcomes.map(outcome => [`${outcome.topic}/${outcome.partition}`, outcome]));
    for (const queue of queues) {
      const outcome = byPartition.get(`${queue.topic}/${queue.partition}`);
      if (!outcome)
        this.applyFailure(queue, new DriverError('stale', 'the broker did not answer for the partition'));
      else if (outcome.error) this.applyFailure(queue, outcome.error);
      else this.acknowledge(queue, outcome.baseOffset);
    }
  }

  private acknowledge(queue: PartitionQueue, baseOffset: number): void {
    this.backlog.progress();
    queue.attempts = 0;
    queue.restoreLimit();
    queue.settle().forEach((parcel, index) => {
      this.backlog.remove(parcel.bytes);
      parcel.delivered(baseOffset + index);
    });
    this.ready(queue);
  }

  private applyFailure(queue: PartitionQueue, error: DriverError): void {
    const parcels = queue.settle();
    if (this.closed) {
      for (const parcel of parcels) this.fail(parcel, statusOfDriverError(error));
      return;
    }
    switch (error.kind) {
      case 'permanent':
        this.onRefused(queue.topic, error);
        for (const parcel of parcels) this.fail(parcel, statusOfDriverError(error));
        this.ready(queue);
        return;
      case 'too-large':
      case 'rejected':
        this.bisect(queue, parcels, error);
        return;
      case 'stale':
      case 'retriable':
        queue.leader = undefined;
        queue.putBack(parcels);
        this.retryLater(queue, error);
        return;
    }
  }

  /** Sends halves until the one record that the broker refuses is alone, and fails that one. */
  private bisect(queue: PartitionQueue, parcels: Parcel[], error: DriverError): void {
    const halves = parcels.length === 1 ? parcels[0]!.split?.(error.kind) : undefined;
    if (parcels.length > 1) {
      queue.halve(parcels.length);
      queue.putBack(parcels);
    } else if (halves) {
      this.backlog.add(1, halves[0].bytes + halves[1].bytes - parcels[0]!.bytes);
      queue.halve(1);
      queue.putBack(halves);
    } else {
      const parcel = parcels[0]!;
      const fault =
        error.kind === 'rejected'
          ? `is none that topic ${parcel.topic} takes`
          : `of ${parcel.bytes} bytes is larger than topic ${parcel.topic} takes (its max.message.bytes)`;
      this.fail(parcel, { code: 'INVALID_ARGUMENT', message: `a record ${fault}: ${error.message}` });
    }
    this.ready(queue);
  }

  private retryLater(queue: PartitionQueue, error: DriverError): void {
    queue.attempts += 1;
    queue.retryTimer = setTimeout(() => {
      queue.retryTimer = undefined;
      const now = this.options.now();
      queue.expire(now, parcel => this.drop(parcel, error));
      if (queue.hasWaiting) this.ready(queue);
      else this.queues.forget(queue);
    }, this.options.backoff(queue.attempts));
  }

  private async lookUp(queue: PartitionQueue): Promise<void> {
    queue.lookingUp = true;
    let failure: DriverError | undefined;
    try {
      const partitions = await this.driver.partitions(queue.topic, { fresh: queue.attempts > 0 });
      queue.leader = partitions.find(({ partition }) => partition === queue.partition)?.leader;
      if (queue.leader === undefined) failure = unknownPartition(queue, partitions.length);
      else if (queue.leader < 0) failure = leaderless(queue);
    } catch (error) {
      failure = asDriverError(error);
    } finally {
      queue.lookingUp = false;
    }
    if (failure?.kind !== 'stale') this.queues.known(queue);
    if (!failure) {
      this.ready(queue);
      return;
    }
    if (failure.kind === 'permanent') this.onRefused(queue.topic, failure);
    if (failure.kind === 'permanent' || this.closed || !this.isWorthAnotherLook(queue, failure)) {
      this.giveUp(queue, statusOfDriverError(failure));
      return;
    }
    this.retryLater(queue, failure);
  }

  private isWorthAnotherLook(queue: PartitionQueue, { kind }: DriverError): boolean {
    return kind !== 'stale' || this.queues.mayBecomeKnown(queue);
  }

  private giveUp(queue: PartitionQueue, status: Status): void {
    // The cluster answers: addresses that lead nowhere, one after another, must not look like a sender that is stuck.
    this.backlog.progress();
    queue.attempts = 0;
    for (const parcel of queue.drainWaiting()) this.fail(parcel, status);
    this.queues.forget(queue);
  }

  private drop(parcel: Parcel, cause?: DriverError): void {
    if (parcel.withdrawn) this.backlog.remove(parcel.bytes);
    else
      this.fail(
        parcel,
        unavailable(
          `no broker took the record for ${parcel.topic} in time${cause ? `: ${cause.message}` : ''}`,
        ),
      );
  }

  private fail(parcel: Parcel, status: Status): void {
    this.backlog.remove(parcel.bytes);
    parcel.failed(status);
  }
}
