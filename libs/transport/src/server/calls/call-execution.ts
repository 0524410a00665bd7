import type { ReceivedRecord } from '../../drivers/driver.js';
import type { FrameSource } from '../../link/frame-parcel.js';
import type { Link } from '../../link/link.js';
import { DEFAULTS } from '../../options/defaults.js';
import type { Codec } from '../../wire/codec.js';
import type { AcceptFrame } from '../../wire/frame.js';
import type { InstanceAddress, RequestHeader } from '../../wire/header.js';
import { acceptOf } from './accept-of.js';
import { contextOfRequest } from '../context-of-record.js';
import type { ExecutionWatch } from '../execution-watch.js';
import type { Handling } from '../handling.js';
import type { CallHandler } from '../handlers.js';
import { IncomingCall, type IncomingCallOptions } from './incoming-call.js';
import { IncomingUpload } from './incoming-upload.js';
import type { ParleyContext } from '../parley-context.js';
import { tooManyStreams } from './refusals.js';
import { ReplyStream, type Credit, type ReplyStreamOptions } from './reply-stream.js';
import type { RunningCalls } from './running-calls.js';

/** One execution that is to be started. */
export interface Start extends CallHandler {
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

/** What goes around each run of a handler. */
export interface HandlerSurroundings {
  /** Runs a handler between Nest's processing hooks. */
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
  /** Who is told how an execution goes; undefined where nobody asks. */
  watch(context: ParleyContext, withinMs: number): ExecutionWatch | undefined;
}

/** Where executions run. */
export interface ExecutionRuns {
  link: Link;
  running: RunningCalls;
  around: HandlerSurroundings;
}

const NOTHING = () => undefined;

/**
 * One execution from its start until its reply is settled: the call, its reply and its upload, and what each of them
 * tells the link and the other calls. It is the options of both, so that a call costs one object and no closures; it
 * keeps neither the record nor what it was started with, whose bytes are those of many requests.
 */
export class CallExecution implements ReplyStreamOptions, IncomingCallOptions {
  readonly handler: CallHandler['handler'];
  readonly handling: Handling;
  readonly context: ParleyContext;
  readonly watch: ExecutionWatch | undefined;
  readonly accept: AcceptFrame;
  readonly credit: Credit;
  readonly resumeFrom: number;
  readonly announced: boolean;
  readonly introduced: boolean;
  readonly reply: ReplyStream;
  readonly onHandedOver: () => void;
  private readonly pattern: string;
  private readonly replyTo: InstanceAddress;
  private readonly call: IncomingCall;
  private readonly upload: IncomingUpload | undefined;
  private endHooks: () => void = NOTHING;
  private streaming = false;
  private held = false;

  /** `onStreamHandedOver`: the execution needs no lane and no slot any more. Told again when all is over. */
  constructor(
    private readonly runs: ExecutionRuns,
    { handler, handling, request, record, execution, credit, announced, done }: Start,
    readonly onStreamHandedOver: () => void,
  ) {
    const { link } = runs;
    this.handler = handler;
    this.handling = handling;
    this.context = contextOfRequest(request, record);
    this.accept = acceptOf(link, request.callId, execution, handling);
    this.credit = credit;
    this.resumeFrom = request.resumeFrom;
    this.announced = announced;
    this.introduced = link.options.names.isInbox(record.topic);
    this.onHandedOver = done;
    this.pattern = request.pattern;
    this.replyTo = request.replyTo;
    this.reply = new ReplyStream(this);
    this.watch = runs.around.watch(this.context, request.timeoutMs);
    this.call = new IncomingCall(this);
    this.upload = request.upload ? this.uploadOf(request) : undefined;
    if (this.upload) this.context.bringUpload(this.upload);
  }

  get codec(): Codec {
    return this.runs.link.options.codec;
  }

  get maxItemBytes(): number {
    return this.runs.link.options.maxItemBytes;
  }

  get keepLatest(): boolean {
    return this.handling.overflow === 'latest';
  }

  run(data: unknown): void {
    const { runs, call } = this;
    runs.running.add(call);
    runs.link.router.addIncoming(this.accept.execution, call);
    if (this.announced) {
      this.onAnnounced();
      call.confirmed();
    }
    runs.around.withHooks(this.context, end => {
      this.endHooks = end;
      return call.run(data);
    });
  }

  post(source: FrameSource, bytes: number, patient: boolean): void {
    this.runs.link.sender.post(this.replyTo, source, bytes, patient);
  }

  onAnnounced(): void {
    this.held = true;
    this.runs.link.peers.hold('server', this.replyTo, this.accept.execution, this.call);
  }

  onStarved(): void {
    this.runs.running.creditStalls += 1;
  }

  onStreaming(): void {
    if (this.streaming) return;
    const { running } = this.runs;
    this.streaming = true;
    const isWithinLimit = running.beginStream();
    this.call.beginStream();
    if (!isWithinLimit) this.reply.failNow(tooManyStreams(running.maxStreams));
  }

  onThrown(thrown: unknown): void {
    this.runs.running.tellThrown(this.pattern, thrown);
  }

  onSettled(): void {
    const { link, running } = this.runs;
    const { execution } = this.accept;
    this.upload?.end('its call has ended');
    if (this.streaming) running.endStream();
    link.router.removeIncoming(execution);
    if (this.held) link.peers.release('server', this.replyTo.instance, execution);
    running.remove(this.call);
    this.endHooks();
    this.onStreamHandedOver();
  }

  /** A call whose upload is taken goes on for as long as a stream does. */
  private uploadOf(request: RequestHeader): IncomingUpload {
    const onBegun = () => {
      this.reply.announce();
      this.onStreaming();
    };
    const { link } = this.runs;
    const { execution } = this.accept;
    return new IncomingUpload({ link, request, execution, window: DEFAULTS.window, onBegun });
  }
}
