import type { KeptRecord, RecordWork } from '../../consume/consumption.js';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { BoundedLog } from '../../link/bounded-log.js';
import {
  decodeHeader,
  hasParts,
  PARLEY_HEADER,
  type PartHeader,
  type RequestHeader,
} from '../../wire/header.js';
import { PartAssembly } from '../../wire/part-assembly.js';
import { countDropped } from '../../telemetry/dropped.js';
import type { Status } from '../../wire/status.js';
import { WireError } from '../../wire/wire-error.js';
import { timeLeftMs } from '../time-left.js';

/** Bytes of requests that are put together at a time or wait for their turn; a single one may weigh more. */
export const MAX_PARTED_BYTES = 128 * 1024 * 1024;
/** Requests that are put together at a time: a further one takes the place of the oldest. */
const MAX_PARTED_REQUESTS = 10_000;
/** However long its caller waits, a request follows its parts within this, in ms; else they hold up commits for ever. */
const LONGEST_WAIT_MS = 5 * 60_000;
const SWEEP_EVERY_MS = 1000;

const DROPPED: KeptRecord = { kept: Promise.resolve() };
const NO_BYTES = Buffer.alloc(0);

export interface RequestRunner {
  work(record: ReceivedRecord, redelivered: boolean, refusal?: Status): RecordWork;
}

export interface RequestPartsOptions {
  /** What a request's data may weigh, in bytes. */
  maxItemBytes: number;
  maxBytes?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

/** The parts of one request, which has not come yet. */
interface Parted {
  assembly: PartAssembly;
  expiresAt: number;
  /** However often parts of it come. */
  expiresAtLast: number;
  /** Why the request cannot be put together. */
  refusal?: Status;
  /** Settles as the request's record does: only then are the parts done too. */
  kept: Promise<void>;
  done(): void;
  undone(): void;
}

/**
 * Requests whose data came ahead of them in parts, put together before they are run. Parts stay Kafka's until their
 * request is done, so that another server that is given the request is given them too; those whose request never comes
 * are done at its deadline.
 */
export class RequestParts {
  private readonly log = new BoundedLog();
  private readonly parted = new Map<string, Parted>();
  private readonly maxBytes: number;
  private readonly now: () => number;
  private sweeper: NodeJS.Timeout | undefined;
  /** Bytes of parts, and of requests that wait for their turn. */
  bytes = 0;

  constructor(
    private readonly calls: RequestRunner,
    private readonly options: RequestPartsOptions,
  ) {
    this.maxBytes = options.maxBytes ?? MAX_PARTED_BYTES;
    this.now = options.now ?? Date.now;
  }

  /** What to do for a record of a calls topic. */
  work(record: ReceivedRecord, redelivered: boolean): RecordWork | KeptRecord {
    const line = record.headers[PARLEY_HEADER];
    if (!line || !hasParts(line)) return this.calls.work(record, redelivered);
    const header = headerOf(line);
    if (header?.kind === 'part') return this.take(header, record);
    if (header?.kind === 'request') return this.run(header, record, redelivered);
    return this.calls.work(record, redelivered);
  }

  /** Forgets all: the records stay Kafka's. */
  close(): void {
    clearInterval(this.sweeper);
    this.sweeper = undefined;
    this.parted.clear();
    this.bytes = 0;
  }

  private take(part: PartHeader, record: ReceivedRecord): KeptRecord {
    const now = this.now();
    const expiresAt = now + Math.min(timeLeftMs(part.timeoutMs, record.timestamp, now), LONGEST_WAIT_MS);
    // A request beyond the limit is refused when it comes, by the size that it names itself.
    if (expiresAt <= now || part.size > this.options.maxItemBytes) return DROPPED;
    const parted = this.parted.get(keyOf(part, record)) ?? this.begin(part, record, now);
    parted.expiresAt = Math.min(Math.max(parted.expiresAt, expiresAt), parted.expiresAtLast);
    // What is of no use is done at once, or any number of such records would wait with the others.
    return !parted.refusal && this.add(parted, part, record) ? parted : DROPPED;
  }

  private begin(part: PartHeader, record: ReceivedRecord, now: number): Parted {
    if (this.parted.size >= MAX_PARTED_REQUESTS) this.abandonOldest();
    let done!: () => void;
    let undone!: () => void;
    const kept = new Promise<void>((resolve, reject) => {
      done = resolve;
      undone = () => reject(new Error('the request is not done'));
    });
    kept.catch(() => undefined);
    const assembly = new PartAssembly(part.size);
    const parted: Parted = {
      assembly,
      expiresAt: 0,
      expiresAtLast: now + LONGEST_WAIT_MS,
      kept,
      done,
      undone,
    };
    this.parted.set(keyOf(part, record), parted);
    if (!this.sweeper) {
      this.sweeper = setInterval(() => this.sweep(), SWEEP_EVERY_MS);
      this.sweeper.unref();
    }
    return parted;
  }

  /** False for a part that is of no use. */
  private add(parted: Parted, { at, size }: PartHeader, record: ReceivedRecord): boolean {
    const bytes = record.value ?? NO_BYTES;
    const others = this.bytes - parted.assembly.filled;
    if (others > 0 && this.bytes + bytes.length > this.maxBytes) {
      this.refuse(parted, {
        code: 'RESOURCE_EXHAUSTED',
        message: `the server holds ${this.bytes} bytes of requests in parts; its limit is ${this.maxBytes}`,
      });
      return false;
    }
    try {
      if (parted.assembly.size !== size)
        throw new WireError(`parts of ${parted.assembly.size} and ${size} bytes`);
      if (!parted.assembly.add({ at, bytes })) return false;
      this.bytes += bytes.length;
      return true;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.warn(record, error.message);
      this.refuse(parted, { code: 'DATA_LOSS', message: `the request’s parts do not fit: ${error.message}` });
      return false;
    }
  }

  /** Keeps the reason only, for the request. */
  private refuse(parted: Parted, refusal: Status): void {
    this.free(parted);
    parted.refusal = refusal;
  }

  private run(request: RequestHeader, record: ReceivedRecord, redelivered: boolean): RecordWork {
    const key = keyOf(request, record);
    const parted = this.parted.get(key);
    this.forget(key);
    const refusal = this.refusalOf(request, parted);
    const whole = refusal || !parted ? record : { ...record, value: parted.assembly.take() };
    const work = this.calls.work(whole, redelivered, refusal);
    return {
      lane: work.lane,
      ...(work.shelves && { shelves: true }),
      run: async (done, park) => {
        const allDone = () => {
          done();
          parted?.done();
        };
        // Its data is the handler's from here on.
        if (parted) this.free(parted);
        try {
          await work.run(allDone, park);
        } catch (error) {
          parted?.undone();
          throw error;
        }
        allDone();
      },
    };
  }

  private refusalOf({ partedBytes = 0 }: RequestHeader, parted: Parted | undefined): Status | undefined {
    const { maxItemBytes } = this.options;
    if (partedBytes > maxItemBytes)
      return {
        code: 'INVALID_ARGUMENT',
        message: `the request weighs ${partedBytes} bytes; the limit of its server is ${maxItemBytes} (maxItemBytes)`,
      };
    if (parted?.refusal) return parted.refusal;
    if (parted?.assembly.whole && parted.assembly.size === partedBytes) return undefined;
    const came = parted?.assembly.filled ?? 0;
    return {
      code: 'DATA_LOSS',
      message: `parts of the request were lost: ${came} of ${partedBytes} bytes have come`,
    };
  }

  private sweep(): void {
    const now = this.now();
    for (const [key, parted] of this.parted) if (parted.expiresAt <= now) this.abandon(key, parted);
  }

  /** Requests that never come must not keep out those that do, which wait for the shortest time. */
  private abandonOldest(): void {
    const [oldest] = this.parted;
    if (oldest) this.abandon(...oldest);
  }

  private abandon(key: string, parted: Parted): void {
    this.log.warn(
      'abandoned parts',
      `Dropped ${parted.assembly.filled} bytes of a request that never came: ${key}`,
    );
    this.forget(key);
    this.free(parted);
    parted.done();
  }

  private forget(key: string): void {
    this.parted.delete(key);
    if (this.parted.size > 0) return;
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }

  private free(parted: Parted): void {
    this.bytes -= parted.assembly.filled;
    parted.assembly = new PartAssembly(parted.assembly.size);
  }

  private warn({ topic, partition, offset }: ReceivedRecord, why: string): void {
    countDropped(topic, 'INVALID_ARGUMENT');
    this.log.warn(
      'dropped part',
      `Dropped a part of a request in ${topic}-${partition} at ${offset}: ${why}`,
    );
  }
}

/** A request and its parts are in one partition: the same call elsewhere is another matter. */
function keyOf(
  { callId, attempt }: PartHeader | RequestHeader,
  { topic, partition }: ReceivedRecord,
): string {
  return `${topic}-${partition} ${callId} ${attempt}`;
}

function headerOf(line: Buffer): ReturnType<typeof decodeHeader> | undefined {
  try {
    return decodeHeader(line);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
