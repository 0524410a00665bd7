import type { RecordWork } from '../consume/consumption.js';
import { justWait, type Park } from '../consume/lanes.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import { isUnexpected } from '../exceptions/thrown.js';
import { BoundedLog } from '../link/bounded-log.js';
import type { LinkOptions } from '../link/link-options.js';
import type { Link } from '../link/link.js';
import { DEFAULTS } from '../options/defaults.js';
import { acceptFlags, type AcceptFlag, type AcceptFrame } from '../wire/frame.js';
import { checkHeaders } from '../wire/header-limits.js';
import { decodeHeader, PARLEY_HEADER, type RequestHeader } from '../wire/header.js';
import { countDropped } from '../telemetry/dropped.js';
import type { Status } from '../wire/status.js';
import { returnAddress, type ReturnAddress } from '../wire/return-address.js';
import { WireError } from '../wire/wire-error.js';
import type { CallTurns, CallWait } from './call-turns.js';
import { contextOfRequest } from './context-of-record.js';
import type { ExecutionWatch } from './execution-watch.js';
import type { Handling } from './handling.js';
import type { CallHandler, Handlers } from './handlers.js';
import { IncomingCall } from './incoming-call.js';
import { IncomingUpload } from './incoming-upload.js';
import { Offer } from './offer.js';
import type { ParleyContext } from './parley-context.js';
import {
  DRAINING,
  mayHaveRun,
  notResumable,
  tooManyStreams,
  tooManyWait,
  unimplemented,
} from './refusals.js';
import { ReplyStream, type Credit } from './reply-stream.js';
import { timeLeftMs } from './time-left.js';

/** The data of calls that wait for handlers which run only so many at a time. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const NOTHING_TO_DO = () => Promise.resolve();

export interface CallsOptions {
  /** Streams open at a time; a further one fails RESOURCE_EXHAUSTED. */
  maxStreams: number;
  /** Calls that may wait for handlers which run only so many at a time. */
  maxWaiting: number;
  /** Runs a handler between Nest's processing hooks. */
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
  /** Who is told how an execution goes; undefined where nobody asks. */
  watch(context: ParleyContext, withinMs: number): ExecutionWatch | undefined;
}

/** One execution that is to be started. */
interface Start extends CallHandler {
  request: RequestHeader;
  record: ReceivedRecord;
  data: unknown;
  execution: string;
  credit: Credit;
  /** The client knows of the execution already. */
  announced: boolean;
  /** Kafka need not give the request to another server any more. */
  done: () => void;
}

/** The calls that run in this process: makes one of each request, and holds it until its reply is settled. */
export class Calls {
  private readonly log = new BoundedLog();
  private readonly running = new Set<IncomingCall>();
  private readonly offers = new Set<Offer>();
  private readonly idleWaiters: (() => void)[] = [];
  private streams = 0;
  /** Requests that nobody waited for any more when their turn came. */
  expired = 0;
  /** How often a reply had to wait until its caller took more. */
  creditStalls = 0;

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: CallsOptions,
  ) {}

  /**
   * What to do for a record that holds a request: run it, or with `refusal` answer it so. Whatever the record holds,
   * its work ends.
   */
  work(record: ReceivedRecord, redelivered: boolean, refusal?: Status): RecordWork {
    const lane = record.key === null ? undefined : `${record.topic}/${record.key.toString('latin1')}`;
    let request: RequestHeader;
    try {
      request = requestOf(record, this.link.options);
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
    for (const call of this.running) if (call.movable) call.drain();
  }

  /** Resolves once nothing runs, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.running.size === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs);
      this.idleWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Ends what still runs: the callers are told UNAVAILABLE. */
  drain(): void {
    for (const call of this.running) call.drain();
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

  private async begin(
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
      this.link.tell(replyTo, this.accept(request, execution, handling, ['redelivered']));
    });
  }

  private start(start: Start): Promise<void> {
    // What lives as long as the call holds neither `start` nor `record`, whose bytes are those of many requests.
    const { request, record, data, execution, handler, handling, credit, announced, done } = start;
    const { replyTo, pattern } = request;
    const { router, peers, options } = this.link;
    const context = contextOfRequest(request, record);
    const introduced = options.names.isInbox(record.topic);
    return new Promise<void>(leave => {
      let endHooks: () => void = () => undefined;
      let streaming = false;
      const beginStream = () => {
        if (streaming) return;
        streaming = true;
        this.streams += 1;
        call.beginStream();
        if (this.streams > this.options.maxStreams) reply.failNow(tooManyStreams(this.options.maxStreams));
      };
      const reply = new ReplyStream({
        accept: this.accept(request, execution, handling),
        credit,
        resumeFrom: request.resumeFrom,
        announced,
        introduced,
        keepLatest: handling.overflow === 'latest',
        post: (source, bytes, patient) => this.link.sender.post(replyTo, source, bytes, patient),
        onAnnounced: () => peers.hold('server', replyTo, execution, call),
        onStarved: () => {
          this.creditStalls += 1;
        },
        onStreaming: beginStream,
        onSettled: () => {
          upload?.end('its call has ended');
          if (streaming) this.streams -= 1;
          router.removeIncoming(execution);
          peers.release('server', replyTo.instance, execution);
          this.forget(call);
          endHooks();
          leave();
        },
      });
      const call = new IncomingCall({
        handler,
        handling,
        context,
        codec: options.codec,
        maxItemBytes: options.maxItemBytes,
        reply,
        watch: this.options.watch(context, request.timeoutMs),
        onHandedOver: done,
        onStreamHandedOver: leave,
        onThrown: thrown => this.logUnexpected(pattern, thrown),
      });
      const upload = request.upload ? this.upload(request, execution, reply, beginStream) : undefined;
      if (upload) context.bringUpload(upload);
      this.running.add(call);
      router.addIncoming(execution, call);
      if (announced) {
        peers.hold('server', replyTo, execution, call);
        call.confirmed();
      }
      this.options.withHooks(context, async end => {
        endHooks = end;
        await call.run(data);
      });
    });
  }

  /** A call whose upload is taken goes on for as long as a stream does. */
  private upload(
    request: RequestHeader,
    execution: string,
    reply: ReplyStream,
    beginStream: () => void,
  ): IncomingUpload {
    const onBegun = () => {
      reply.announce();
      beginStream();
    };
    return new IncomingUpload({ link: this.link, request, execution, window: DEFAULTS.window, onBegun });
  }

  /** Answers without a handler. */
  private refuse(
    request: ReturnAddress & Pick<RequestHeader, 'resumeFrom'>,
    status: Status,
    offered?: string,
  ): Promise<void> {
    const execution = offered ?? this.link.newExecutionId();
    return new Promise<void>(settled => {
      const reply = new ReplyStream({
        accept: this.accept(request, execution, {}),
        credit: { items: 0, bytes: 0 },
        resumeFrom: request.resumeFrom,
        announced: offered !== undefined,
        introduced: true,
        keepLatest: false,
        post: (source, bytes) => this.link.sender.post(request.replyTo, source, bytes),
        onAnnounced: () => undefined,
        onStreaming: () => undefined,
        onSettled: settled,
      });
      reply.fail(status);
    });
  }

  private accept(
    { callId }: ReturnAddress,
    execution: string,
    { idempotent, resumable }: Handling,
    flags: AcceptFlag[] = [],
  ): AcceptFrame {
    const { partition, instance } = this.link.address;
    if (idempotent) flags.push('idempotent');
    if (resumable) flags.push('resumable');
    const { service } = this.link.options;
    return { kind: 'accept', callId, execution, partition, instance, flags: acceptFlags(flags), service };
  }

  private expire(topic: string): void {
    this.expired += 1;
    countDropped(topic, 'DEADLINE_EXCEEDED');
  }

  private forget(call: IncomingCall): void {
    this.running.delete(call);
    if (this.running.size === 0) for (const idle of this.idleWaiters.splice(0)) idle();
  }

  private logUnexpected(pattern: string, thrown: unknown): void {
    if (!isUnexpected(thrown)) return;
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    this.log.error(
      `handler of ${pattern}`,
      `The handler of ${pattern} threw ${thrown instanceof Error ? thrown.message : typeof thrown}`,
      stack,
    );
  }
}

/** Raises WireError for what is no request, or more of one than the limits allow. */
function requestOf(
  record: ReceivedRecord,
  { headerLimits, maxItemBytes }: Pick<LinkOptions, 'headerLimits' | 'maxItemBytes'>,
): RequestHeader {
  const line = record.headers[PARLEY_HEADER];
  if (!line) throw new WireError(`it has no ${PARLEY_HEADER} header`);
  const header = decodeHeader(line);
  if (header.kind !== 'request')
    throw new WireError(`it is ${header.kind === 'event' ? 'an event' : 'an inbox record'}, not a request`);
  checkHeaders(record.headers, headerLimits);
  const bytes = record.value?.length ?? 0;
  if (bytes > maxItemBytes)
    throw new WireError(`its data weighs ${bytes} bytes; the limit is ${maxItemBytes} (maxItemBytes)`);
  return header;
}
