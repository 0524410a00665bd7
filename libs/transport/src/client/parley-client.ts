import { Logger } from '@nestjs/common';
import { ClientProxy, type PacketMetadata, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { connectable, defer, Observable, ReplaySubject, type Subscriber } from 'rxjs';
import { ParleyException } from '../exceptions/parley-exception.js';
import { RecordParcel } from '../link/parcel.js';
import type { LinkState } from '../link/link-health.js';
import type { Link } from '../link/link.js';
import { sendRecord, type RecordMetadata } from '../link/send-record.js';
import { callsTopic, eventTopic } from '../link/topics.js';
import { choosePartition } from '../link/partitioner.js';
import { resolveClientOptions, type ClientSettings, type ParleyClientOptions } from '../module/options.js';
import { linkOf } from '../module/link-of.js';
import { currentContext } from '../server/execution-scope.js';
import { encodeFrame, type ClientFrame } from '../wire/frame.js';
import { encodeHeader, MAX_LINE_LENGTH, METADATA_HEADER, PARLEY_HEADER } from '../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../wire/id.js';
import { ParleyRecord, type CallOptions } from './call-options.js';
import { EndedCalls } from './ended-calls.js';
import { OutgoingCall, type ServerAddress } from './outgoing-call.js';

/**
 * Calls one service and emits events. Connects when it is first used.
 *
 * `send` gives a cold Observable: each subscription is a call of its own, which ends with the reply's last value, or
 * with a ParleyException; unsubscribing ends the call on both sides. `emit` sends at once; its Observable gives the
 * record's place in the log when every in-sync replica has it.
 */
export class ParleyClient extends ClientProxy {
  private readonly logger = new Logger('Parley');
  private readonly settings: ClientSettings;
  private readonly link: Link;
  private readonly endedCalls: EndedCalls;
  private readonly ownsLink: boolean;

  /** Of its own link by default; `link` shares one, as ParleyModule does. */
  constructor(options: ParleyClientOptions, link?: Link) {
    super();
    this.settings = resolveClientOptions(options);
    this.ownsLink = link === undefined;
    this.link = link ?? linkOf(this.settings);
    this.endedCalls = new EndedCalls(this.link.router);
    this.link.onState(state => this._status$.next(state));
  }

  override get status(): Observable<LinkState> {
    return super.status as Observable<LinkState>;
  }

  async connect(): Promise<void> {
    await this.link.open(this.settings.timeoutMs);
  }

  /** Closes the link where it is this client's own. May be called twice; a later call connects anew. */
  async close(): Promise<void> {
    if (this.ownsLink) await this.link.close();
  }

  override on(): never {
    throw new Error(
      'ParleyClient has no events of its own: subscribe to `status`, or use `unwrap()` for the Kafka client',
    );
  }

  /** The Kafka client, once connected. */
  unwrap<T>(): T {
    return this.link.driver.unwrap<T>();
  }

  override send<TResult = unknown, TInput = unknown>(pattern: unknown, data?: TInput): Observable<TResult> {
    return new Observable<TResult>(subscriber => {
      const packet = this.createPacket(pattern, data);
      return this.call(packet, subscriber);
    });
  }

  override emit<TResult = RecordMetadata, TInput = unknown>(
    pattern: unknown,
    data?: TInput,
  ): Observable<TResult> {
    const source = defer(() => this.dispatchEvent<TResult>(this.createPacket(pattern, data)));
    const result = connectable(source, {
      connector: () => new ReplaySubject<TResult>(1),
      resetOnDisconnect: false,
    });
    result.subscribe({
      error: (error: Error) => this.logger.warn(`An event was not sent: ${error.message}`),
    });
    result.connect();
    return result;
  }

  protected override publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const subscription = new Observable<unknown>(subscriber => this.call(packet, subscriber)).subscribe({
      next: response => callback({ response }),
      error: (err: unknown) => callback({ err }),
      complete: () => callback({ isDisposed: true }),
    });
    return () => subscription.unsubscribe();
  }

  protected override async dispatchEvent<T = RecordMetadata>(packet: ReadPacket): Promise<T> {
    const { data, options } = unpack(packet.data);
    const pattern = this.patternOf(packet.pattern);
    const { names, codec, topics, provision } = this.settings.link;
    const topic = legal(() => names.event(pattern));
    const { type, bytes } = encodeOrFail(() => codec.encode(data));
    const messageId = randomId(CALL_ID_BYTES);
    const correlationId = currentContext()?.correlationId ?? messageId;
    const record = {
      topic,
      key: keyOf(options),
      value: bytes,
      headers: headersOf(
        encodeHeader({ kind: 'event', messageId, pattern, contentType: type, correlationId }),
        options,
        packet.metadata,
      ),
    };
    const timeoutMs = options.timeoutMs ?? this.settings.emitTimeoutMs;
    await this.link.open(timeoutMs);
    if (provision === 'create') await this.makeMissing(topic, () => eventTopic(topic, topics.events));
    return (await sendRecord(this.link, record, timeoutMs)) as T;
  }

  /** Registers the call, sends its request, and returns what unsubscribing does. */
  private call<T>(packet: ReadPacket, subscriber: Subscriber<T>): () => void {
    const { data, options } = unpack(packet.data);
    const callId = randomId(CALL_ID_BYTES);
    const timeoutMs = Math.max(1, Math.ceil(this.timeoutOf(options)));
    let parcel: RecordParcel | undefined;
    const call = new OutgoingCall<T>(
      {
        callId,
        pattern: String(packet.pattern),
        codec: this.settings.link.codec,
        window: options.window ?? this.settings.window,
        timeoutMs,
        tell: (server, frame) => this.tell(server, frame),
        onEnded: running => {
          this.link.router.removeOutgoing(callId);
          parcel?.withdraw();
          if (running) this.cancel(callId, running, timeoutMs);
        },
      },
      subscriber,
    );
    this.link.router.addOutgoing(callId, call);
    const request = async () => {
      await this.link.open(timeoutMs);
      if (subscriber.closed) return;
      parcel = await this.request(packet, data, options, { callId, timeoutMs }, call);
      if (subscriber.closed) {
        parcel.withdraw();
        return;
      }
      const refused = this.link.sender.offer(parcel);
      if (refused) call.fail(refused);
    };
    request().catch((error: unknown) => call.fail(statusOfFailure(error)));
    return () => call.unsubscribe();
  }

  private async request<T>(
    packet: ReadPacket,
    data: unknown,
    options: CallOptions,
    { callId, timeoutMs }: { callId: string; timeoutMs: number },
    call: OutgoingCall<T>,
  ): Promise<RecordParcel> {
    const pattern = this.patternOf(packet.pattern);
    const { names, codec, topics, provision } = this.settings.link;
    const topic = legal(() => names.calls(this.settings.to, pattern));
    const { type, bytes } = encodeOrFail(() => codec.encode(data));
    const key = keyOf(options);
    if (provision === 'create') await this.makeMissing(topic, () => callsTopic(topic, topics.calls));
    const partition = await choosePartition(this.link, topic, key);
    const line = encodeHeader({
      kind: 'request',
      callId,
      pattern,
      replyTo: this.link.address,
      timeoutMs,
      credit: options.window ?? this.settings.window,
      attempt: 1,
      contentType: type,
      correlationId: currentContext()?.correlationId ?? callId,
    });
    return new RecordParcel(
      { topic, partition, key, value: bytes, headers: headersOf(line, options, packet.metadata) },
      performance.now() + timeoutMs,
      () => undefined,
      status => call.fail(status),
    );
  }

  /** A caller may come up before its server: it makes the topic that the server will read. */
  private async makeMissing(
    topic: string,
    spec: () => Parameters<Link['ensureTopics']>[0][number],
  ): Promise<void> {
    if ((await this.link.driver.partitions(topic)).length === 0) await this.link.ensureTopics([spec()]);
  }

  /** Never longer than the handler that this call is made in may take. */
  private timeoutOf(options: CallOptions): number {
    const wanted = options.timeoutMs ?? this.settings.timeoutMs;
    const remaining = currentContext()?.remainingMs;
    return remaining === undefined ? wanted : Math.min(wanted, remaining);
  }

  private cancel(
    callId: string,
    running: { execution: string | undefined; server: ServerAddress | undefined },
    timeoutMs: number,
  ): void {
    const stop = (server: ServerAddress, execution: string) =>
      this.tell(server, { kind: 'cancel', callId, execution, reason: 'unsubscribed' });
    if (running.server && running.execution) stop(running.server, running.execution);
    else if (this.link.isOpen)
      this.endedCalls.remember(callId, timeoutMs, accept => stop(accept, accept.execution));
  }

  private tell(server: ServerAddress, frame: ClientFrame): void {
    if (!this.link.isOpen) return;
    const encoded = encodeFrame(frame);
    const to = { topic: this.settings.link.names.inbox(this.settings.to), ...address(server) };
    this.link.sender.post(to, { take: () => [encoded] }, encoded.length);
  }

  private patternOf(pattern: unknown): string {
    const normalized: unknown = this.normalizePattern(
      pattern as Parameters<ParleyClient['normalizePattern']>[0],
    );
    if (typeof normalized !== 'string' || normalized === '') {
      throw new ParleyException(
        'INVALID_ARGUMENT',
        `a pattern is a string or an object; got ${pattern === null ? 'null' : typeof pattern}`,
      );
    }
    return normalized;
  }
}

function address({ partition, instance }: ServerAddress): ServerAddress {
  return { partition, instance };
}

function unpack(data: unknown): { data: unknown; options: CallOptions } {
  return data instanceof ParleyRecord ? data : { data, options: {} };
}

function keyOf({ key }: CallOptions): Buffer | null {
  return key === undefined ? null : Buffer.from(key);
}

function headersOf(
  line: string,
  options: CallOptions,
  metadata: PacketMetadata | undefined,
): Record<string, string> {
  if (line.length > MAX_LINE_LENGTH) {
    throw new ParleyException(
      'INVALID_ARGUMENT',
      `the pattern is too long: the protocol's header takes ${line.length} bytes of ${MAX_LINE_LENGTH}`,
    );
  }
  return {
    ...options.headers,
    [PARLEY_HEADER]: line,
    ...(metadata && { [METADATA_HEADER]: JSON.stringify(metadata) }),
  };
}

/** A value that the codec cannot carry, or a name that Kafka cannot, is the caller's mistake. */
function encodeOrFail<T>(encode: () => T): T {
  return legal(encode);
}

function legal<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new ParleyException('INVALID_ARGUMENT', (error as Error).message);
  }
}

function statusOfFailure(error: unknown) {
  if (error instanceof ParleyException) return error.toStatus();
  return { code: 'UNAVAILABLE' as const, message: error instanceof Error ? error.message : String(error) };
}
