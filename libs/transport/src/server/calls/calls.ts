import type { RecordWork } from '../../consume/consumption.js';
import { justWait, type Park } from '../../consume/lanes.js';
import type { ReceivedRecord } from '../../drivers/driver.js';
import { BoundedLog } from '../../link/bounded-log.js';
import type { Link } from '../../link/link.js';
import { countDropped } from '../../telemetry/dropped.js';
import { PARLEY_HEADER, type RequestHeader } from '../../wire/header.js';
import { returnAddress, type ReturnAddress } from '../../wire/return-address.js';
import type { Status } from '../../wire/status.js';
import { WireError } from '../../wire/wire-error.js';
import { acceptOf } from './accept-of.js';
import { CallExecution, type ExecutionRuns, type HandlerSurroundings, type Start } from './call-execution.js';
import type { CallTurns, CallWait } from './call-turns.js';
import type { CallHandler, Handlers } from '../handlers.js';
import { Offer } from './offer.js';
import { readRequest } from './read-request.js';
import { DRAINING, mayHaveRun, notResumable, tooManyWait, unimplemented } from './refusals.js';
import { refuseRequest } from './refused-request.js';
import { RunningCalls } from './running-calls.js';
import { timeLeftMs } from '../time-left.js';

/** The data of calls that wait for handlers which run only so many at a time. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const NOTHING_TO_DO = () => Promise.resolve();

export interface CallsOptions extends HandlerSurroundings {
  /** Streams open at a time; a further one fails RESOURCE_EXHAUSTED. */
  maxStreams: number;
  /** Calls that may wait for handlers which run only so many at a time. */
  maxWaiting: number;
}

/** The calls that run in this process: makes one of each request, and holds it until its reply is settled. */
export class Calls {
  private readonly log = new BoundedLog();
  private readonly runs: ExecutionRuns;
  private readonly running: RunningCalls;
  private readonly offers = new Set<Offer>();
  /** Requests that nobody waited for any more when their turn came. */
  expired = 0;

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: CallsOptions,
  ) {
    this.running = new RunningCalls(options.maxStreams);
    this.runs = { link, running: this.running, around: options };
  }

  /** How often a reply had to wait until its caller took more. */
  get creditStalls(): number {
    return this.running.creditStalls;
  }

  /**
   * What to do for a record that holds a request: run it, or with `refusal` answer it so. Whatever the record holds,
   * its work ends.
   */
  work(record: ReceivedRecord, redelivered: boolean, refusal?: Status): RecordWork {
    const lane = record.key === null ? undefined : `${record.topic}/${record.key.toString('latin1')}`;
    let request: RequestHeader;
    try {
      request = readRequest(record, this.link.options);
      if (!this.link.options.names.isInbox(request.replyTo.topic)) {
        throw new WireError(`reply topic ${request.replyTo.topic} is not an inbox`);
      }
    } catch (error) {
      const { message } = error as Error;
      countDropped(record.topic, 'INVALID_ARGUMENT');
      this.log.warn(
        'unreadable request',
        `Dropped a record of ${record.topic}-${record.partition} at ${record.offset}: ${message}`,
      );
      const address = returnAddress(record.headers[PARLEY_HEADER]);
      if (!address || !this.link.options.names.isInbox(address.replyTo.topic))
        return { lane, run: NOTHING_TO_DO };
      const unreadable: Status = {
        code: 'INVALID_ARGUMENT',
        message: `the request cannot be read: ${message}`,
      };
      return { lane, run: () => this.refuse({ ...address, resumeFrom: 0 }, unreadable) };
    }
    if (refusal) return { lane, run: () => this.refuse(request, refusal) };
    return {
      lane,
      shelves: this.handlers.callTurns.length > 0,
      run: (done, park) => this.execute(request, record, redelivered, done, park),
    };
  }

  /** Ends the streams that can go on elsewhere: their callers lose nothing by it. */
  moveStreams(): void {
    this.running.moveStreams();
  }

  /** Resolves once nothing runs, or after `timeoutMs`. */
  idle(timeoutMs: number): Promise<void> {
    return this.running.idle(timeoutMs);
  }

  /** Ends what still runs: the callers are told UNAVAILABLE. */
  drain(): void {
    this.running.drain();
  }

  /** Requests that are only offered, or wait for their turn, stay Kafka's: the next server has them. */
  withdrawOffers(): void {
    for (const offer of this.offers) offer.withdraw();
    for (const turns of this.handlers.callTurns) turns.withdraw();
  }

  /** Resolves when the request needs its lane and slot no more: it is answered, or a stream that its client holds. */
  private execute(
    request: RequestHeader,
    record: ReceivedRecord,
    redelivered: boolean,
    done: () => void,
    park: Park = justWait,
  ): Promise<void> {
    if (timeLeftMs(request.timeoutMs, record.timestamp, Date.now()) <= 0) {
      this.expire(record.topic);
      return NOTHING_TO_DO();
    }
    const { service } = this.link.options;
    const found = this.handlers.call(request.pattern);
    if (!found) return this.refuse(request, unimplemented(service, request.pattern));
    if (request.resumeFrom > 0 && !found.handling.resumable) {
      return this.refuse(request, notResumable(request));
    }
    const { turns } = found;
    if (!turns) return this.begin(found, request, record, redelivered, done);
    const begin = () => this.begin(found, request, record, redelivered, done);
    return this.inTurn(turns, request, record, park, begin);
  }

  /** Rejects where the call is for another server to run. */
  private async inTurn(
    turns: CallTurns,
    request: RequestHeader,
    record: ReceivedRecord,
    park: Park,
    begin: () => Promise<void>,
  ): Promise<void> {
    const missed = await turns.run(this.waitOf(request, record, park), begin);
    if (missed === 'expired') this.expire(record.topic);
    else if (missed === 'full') await this.refuse(request, tooManyWait(request));
    else if (missed && this.link.options.names.isInbox(record.topic)) await this.refuse(request, DRAINING);
    else if (missed) throw new Error(DRAINING.message);
  }

  private waitOf({ timeoutMs }: RequestHeader, record: ReceivedRecord, park: Park): CallWait {
    const limited = this.handlers.callTurns.length;
    const calls = Math.max(1, Math.floor(this.options.maxWaiting / limited));
    const room = { calls, bytes: MAX_WAITING_BYTES / limited };
    const withinMs = timeLeftMs(timeoutMs, record.timestamp, Date.now());
    return { bytes: record.value?.length ?? 0, withinMs, room, park };
  }

  private begin(
    found: CallHandler,
    request: RequestHeader,
    record: ReceivedRecord,
    redelivered: boolean,
    done: () => void,
  ): Promise<void> {
    let data: unknown;
    try {
      data = this.link.options.codec.decode(request.contentType, record.value ?? Buffer.alloc(0));
    } catch (error) {
      return this.refuse(request, {
        code: 'INVALID_ARGUMENT',
        message: `the request cannot be read: ${(error as Error).message}`,
      });
    }
    // Each property by its name: a spread here costs a tenth of a small call.
    const start: Start = {
      handler: found.handler,
      handling: found.handling,
      request,
      record,
      data,
      execution: this.link.newExecutionId(),
      credit: { items: request.credit, bytes: request.creditBytes },
      announced: false,
      done,
    };
    return redelivered ? this.offer(start) : this.start(start);
  }

  /** Runs the request once its client has said that it still waits. */
  private offer(start: Start): Promise<void> {
    const { request, record, execution, handling } = start;
    const { replyTo } = request;
    const { router, peers } = this.link;
    return new Promise<void>((leave, stay) => {
      const forget = () => {
        this.offers.delete(offer);
        peers.release('server', replyTo.instance, execution);
        router.removeIncoming(execution);
      };
      const offer = new Offer({
        withinMs: Math.max(0, timeLeftMs(request.timeoutMs, record.timestamp, Date.now())),
        onTaken: credit => {
          forget();
          if (handling.redelivery === 'fail')
            this.refuse(request, mayHaveRun(request), execution).then(leave, stay);
          else this.start({ ...start, credit, announced: true }).then(leave, stay);
        },
        onDeclined: () => {
          forget();
          leave();
        },
        onWithdrawn: () => {
          forget();
          stay(new Error('the server is draining'));
        },
      });
      this.offers.add(offer);
      router.addIncoming(execution, offer);
      peers.hold('server', replyTo, execution, offer);
      this.link.tell(replyTo, acceptOf(this.link, request.callId, execution, handling, true));
    });
  }

  private start(start: Start): Promise<void> {
    return new Promise<void>(leave => new CallExecution(this.runs, start, leave).run(start.data));
  }

  /** Answers without a handler. */
  private refuse(
    request: ReturnAddress & Pick<RequestHeader, 'resumeFrom'>,
    status: Status,
    offered?: string,
  ): Promise<void> {
    return refuseRequest(this.link, request, status, offered);
  }

  private expire(topic: string): void {
    this.expired += 1;
    countDropped(topic, 'DEADLINE_EXCEEDED');
  }
}
