import type { Context } from '@opentelemetry/api';
import { BaseRpcContext, type PacketMetadata } from '@nestjs/microservices';

/** An upload that ends with its call. */
export interface ContextUpload extends AsyncIterableIterator<unknown> {
  end(why: string): void;
}

/** What a handler may know of the call or event it handles. */
export interface ContextFields {
  pattern: string;
  /** The call's id, or the event's message id; made from the record's place where its producer gave none. */
  messageId: string;
  /** The id of the message that began the chain: kept across hops. */
  correlationId: string;
  /** When the message was sent, in ms since the epoch. */
  timestamp: number;
  /** The user's headers, as text. */
  headers: Readonly<Record<string, string>>;
  key: string | undefined;
  topic: string;
  partition: number;
  offset: number;
  /** 1 for the first delivery. */
  attempt: number;
  /** When the caller stops waiting, in ms since the epoch; undefined for events. */
  deadline: number | undefined;
  /** Items of the reply that the caller has already. */
  resumeFrom: number;
  metadata: PacketMetadata;
  /** The event is given to its handler once more, by a replay. */
  replayed: boolean;
  /** The handler goes on for long: lets go of what came in one answer of Kafka with its record. */
  detach?(): void;
}

/** The context of a handler: `@Ctx() context: ParleyContext`. */
export class ParleyContext extends BaseRpcContext<[ContextFields]> {
  /** Made when it is asked for: most handlers never do, and it is what costs most in a context. */
  private controller: AbortController | undefined;
  private abortReason: Error | undefined;
  private streaming = false;
  /** For the transport: what a tracer knows the handler's run by; undefined without one. */
  telemetry: Context | undefined;
  private incomingUpload: ContextUpload | undefined;
  private ownHeaders: Readonly<Record<string, string>> | undefined;

  constructor(fields: ContextFields) {
    super([fields]);
  }

  /** Aborted when nobody waits for the answer any more, or this process stops. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.abortReason) this.controller.abort(this.abortReason);
    }
    return this.controller.signal;
  }

  get callId(): string {
    return this.args[0].messageId;
  }

  get messageId(): string {
    return this.args[0].messageId;
  }

  get correlationId(): string {
    return this.args[0].correlationId;
  }

  get timestamp(): number {
    return this.args[0].timestamp;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.ownHeaders ?? this.args[0].headers;
  }

  get key(): string | undefined {
    return this.args[0].key;
  }

  get topic(): string {
    return this.args[0].topic;
  }

  get partition(): number {
    return this.args[0].partition;
  }

  get offset(): number {
    return this.args[0].offset;
  }

  get attempt(): number {
    return this.args[0].attempt;
  }

  /**
   * The event is given to its handler once more, by `ParleyServer.replay`: what is not to happen twice, such as a mail,
   * is left out. Kept where it fails and is tried again.
   */
  get replayed(): boolean {
    return this.args[0].replayed;
  }

  /**
   * Items of the reply that the caller has already, from an execution whose server is gone: a handler that is marked
   * resumable begins with this one, counted from 0.
   */
  get resumeFrom(): number {
    return this.args[0].resumeFrom;
  }

  /** When the caller stops waiting; undefined for events, and for a stream once its first item has left. */
  get deadline(): Date | undefined {
    const deadline = this.deadlineMs;
    return deadline === undefined ? undefined : new Date(deadline);
  }

  /** Milliseconds the caller still waits; undefined where `deadline` is. */
  get remainingMs(): number | undefined {
    const deadline = this.deadlineMs;
    return deadline === undefined ? undefined : Math.max(0, deadline - Date.now());
  }

  /**
   * What comes with the request, as the handler takes it: items of bytes or of whatever the caller gave. Its caller waits
   * where the handler does. Taking one rejects where the caller has gone, so that what ended by itself is whole; leaving
   * the loop tells the caller to send no more. Undefined where the caller has none.
   */
  get upload(): AsyncIterableIterator<unknown> | undefined {
    return this.incomingUpload;
  }

  getPattern(): string {
    return this.args[0].pattern;
  }

  /** What the caller's dispatch hook attached, such as a trace id. */
  getMetadata(): PacketMetadata {
    return this.args[0].metadata;
  }

  /** For the transport: the reply is a stream, and has begun. Its caller waits for as long as it goes on. */
  beginStream(): void {
    this.streaming = true;
    this.args[0].detach?.();
  }

  /** For the transport: what came with the request. */
  bringUpload(upload: ContextUpload): void {
    this.incomingUpload = upload;
  }

  /** For the transport: what hooks have made of the headers. */
  replaceHeaders(headers: Readonly<Record<string, string>>): void {
    this.ownHeaders = headers;
  }

  /** For the transport: nobody waits any more. */
  abort(reason: string): void {
    this.abortReason ??= new Error(reason);
    this.controller?.abort(this.abortReason);
    this.incomingUpload?.end(reason);
  }

  private get deadlineMs(): number | undefined {
    return this.streaming ? undefined : this.args[0].deadline;
  }
}
