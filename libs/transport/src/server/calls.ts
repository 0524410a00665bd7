import { Logger } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import type { Work } from '../consume/lanes.js';
import type { ReceivedRecord } from '../drivers/driver.js';
import { isUnexpected } from '../exceptions/thrown.js';
import type { Link } from '../link/link.js';
import { decodeHeader, PARLEY_HEADER, type RequestHeader } from '../wire/header.js';
import type { Status } from '../wire/status.js';
import { WireError } from '../wire/wire-error.js';
import { contextOfRequest } from './context-of-record.js';
import type { Handlers } from './handlers.js';
import { IncomingCall } from './incoming-call.js';
import type { ParleyContext } from './parley-context.js';
import { ReplyStream } from './reply-stream.js';

/** How far the clocks of broker and server may be apart before a live request is taken for an expired one, in ms. */
export const CLOCK_TOLERANCE_MS = 2000;

const NOTHING_TO_DO = () => Promise.resolve();

export interface CallsOptions {
  /** Streams open at a time; a further one fails RESOURCE_EXHAUSTED. */
  maxStreams: number;
  /** Runs a handler between Nest's processing hooks. */
  withHooks(context: ParleyContext, run: (end: () => void) => Promise<void>): void;
}

/** The calls that run in this process: makes one of each request, and holds it until its reply is settled. */
export class Calls {
  private readonly logger = new Logger('Parley');
  private readonly running = new Set<IncomingCall>();
  private streams = 0;
  /** Requests that nobody waited for any more when their turn came. */
  expired = 0;

  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly options: CallsOptions,
  ) {}

  /** What to do for a record of a calls topic. Whatever the record holds, its work ends. */
  work(record: ReceivedRecord): Work {
    const lane = record.key === null ? undefined : `${record.topic}/${record.key.toString('latin1')}`;
    let request: RequestHeader;
    try {
      request = requestOf(record);
      if (!this.link.options.names.isInbox(request.replyTo.topic)) {
        throw new WireError(`reply topic ${request.replyTo.topic} is not an inbox`);
      }
    } catch (error) {
      this.logger.warn(
        `Dropped a record of ${record.topic}-${record.partition} at ${record.offset}: ${(error as Error).message}`,
      );
      return { lane, run: NOTHING_TO_DO };
    }
    return { lane, run: () => this.execute(request, record) };
  }

  /** Ends what still runs: the callers are told UNAVAILABLE. */
  drain(): void {
    for (const call of this.running) call.drain();
  }

  /** Resolves when the request's record is done: its reply is acknowledged, or its stream is under way. */
  private execute(request: RequestHeader, record: ReceivedRecord): Promise<void> {
    if (Date.now() - record.timestamp > request.timeoutMs + CLOCK_TOLERANCE_MS) {
      this.expired += 1;
      return Promise.resolve();
    }
    const handler = this.handlers.call(request.pattern);
    if (!handler) return this.refuse(request, unimplemented(this.link.options.service, request.pattern));
    let data: unknown;
    try {
      data = this.link.options.codec.decode(request.contentType, record.value ?? Buffer.alloc(0));
    } catch (error) {
      return this.refuse(request, {
        code: 'INVALID_ARGUMENT',
        message: `the request cannot be read: ${(error as Error).message}`,
      });
    }
    return this.start(handler, request, record, data);
  }

  private start(
    handler: MessageHandler,
    request: RequestHeader,
    record: ReceivedRecord,
    data: unknown,
  ): Promise<void> {
    const { codec } = this.link.options;
    const context = contextOfRequest(request, record);
    const execution = this.link.newExecutionId();
    return new Promise<void>(done => {
      let endHooks: () => void = () => undefined;
      let streaming = false;
      const reply = this.replyTo(request, execution, {
        onStarted: () => {
          streaming = true;
          this.streams += 1;
          if (this.streams > this.options.maxStreams) reply.failNow(tooManyStreams(this.options.maxStreams));
          done();
        },
        onSettled: () => {
          if (streaming) this.streams -= 1;
          this.link.router.removeIncoming(execution);
          this.running.delete(call);
          endHooks();
          done();
        },
      });
      const call = new IncomingCall({
        handler,
        context,
        codec,
        reply,
        onThrown: thrown => this.logUnexpected(request.pattern, thrown),
      });
      this.running.add(call);
      this.link.router.addIncoming(execution, call);
      this.options.withHooks(context, async end => {
        endHooks = end;
        await call.run(data);
      });
    });
  }

  /** Answers without a handler. */
  private refuse(request: RequestHeader, status: Status): Promise<void> {
    return new Promise<void>(done => {
      const reply = this.replyTo(request, this.link.newExecutionId(), { onStarted: done, onSettled: done });
      reply.fail(status);
    });
  }

  private replyTo(
    request: RequestHeader,
    execution: string,
    events: { onStarted(): void; onSettled(): void },
  ): ReplyStream {
    const { callId, replyTo, credit } = request;
    const { partition, instance } = this.link.address;
    return new ReplyStream({
      callId,
      execution,
      credit,
      accept: { kind: 'accept', callId, execution, partition, instance, flags: '' },
      post: (source, bytes) => this.link.sender.post(replyTo, source, bytes),
      ...events,
    });
  }

  private logUnexpected(pattern: string, thrown: unknown): void {
    if (!isUnexpected(thrown)) return;
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    this.logger.error(
      `The handler of ${pattern} threw ${thrown instanceof Error ? thrown.message : typeof thrown}`,
      stack,
    );
  }
}

function requestOf(record: ReceivedRecord): RequestHeader {
  const line = record.headers[PARLEY_HEADER];
  if (!line) throw new WireError(`it has no ${PARLEY_HEADER} header`);
  const header = decodeHeader(line);
  if (header.kind !== 'request')
    throw new WireError(`it is ${header.kind === 'event' ? 'an event' : 'an inbox record'}, not a request`);
  return header;
}

function unimplemented(service: string, pattern: string): Status {
  return {
    code: 'UNIMPLEMENTED',
    message: `service ${service} has no handler for ${JSON.stringify(pattern)}`,
  };
}

function tooManyStreams(limit: number): Status {
  return { code: 'RESOURCE_EXHAUSTED', message: `the server has ${limit} streams open, which is its limit` };
}
