import type { TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { AssemblyBudget } from '../link/assembly-budget.js';
import type { Link } from '../link/link.js';
import { choosePartition } from '../link/partitioner.js';
import type { SharedExecution } from '../link/peer.js';
import type { ReceiveBudget } from '../link/receive-budget.js';
import type { ClientSettings } from '../options/settings.js';
import { currentContext } from '../server/execution-scope.js';
import { CallTelemetry } from '../telemetry/call-telemetry.js';
import { isObserved } from '../telemetry/observed.js';
import type { Codec } from '../wire/codec.js';
import type { ClientFrame } from '../wire/frame.js';
import { encodeHeader, type InstanceAddress } from '../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../wire/id.js';
import { LARGE_BYTES } from '../wire/parts.js';
import type { Status } from '../wire/status.js';
import { statusOfFailure } from './failure.js';
import { headersOf, type Message } from './message.js';
import { OutgoingCall } from './outgoing-call.js';
import type {
  OutgoingCallOptions,
  ReplyTaker,
  RequestTerms,
  ServerAddress,
} from './outgoing-call-options.js';
import { OutgoingUpload } from './outgoing-upload.js';
import { LargeRequest, RequestParcel } from './request-parcels.js';
import { timeoutOf } from './timeout.js';

/** Whose calls they are. */
export interface CallingClient {
  link: Link;
  settings: ClientSettings;
  /** Where requests of a pattern go. Raises INVALID_ARGUMENT where none can. */
  topicOf(pattern: string): TopicSpec;
}

/**
 * An outgoing call and what it does with its link: sends its request, tells its server, is registered and forgotten. It
 * is the call's options, so that a call costs one object and hardly a closure.
 */
export class CallOnLink<T> implements OutgoingCallOptions {
  readonly callId = randomId(CALL_ID_BYTES);
  readonly timeoutMs: number;
  readonly upload: OutgoingUpload | undefined;
  private readonly call: OutgoingCall<T>;
  private readonly correlationId: string;
  private readonly telemetry: CallTelemetry<T> | undefined;
  private parcel: { withdraw(): void } | undefined;
  private onAbort: (() => void) | undefined;
  private ended = false;

  constructor(
    private readonly client: CallingClient,
    private readonly message: Message,
    taker: ReplyTaker<T>,
    readonly pulled: boolean,
  ) {
    const { options } = message;
    this.timeoutMs = timeoutOf(options, client.settings);
    this.correlationId = currentContext()?.correlationId ?? this.callId;
    this.telemetry = isObserved() ? this.observe(taker) : undefined;
    this.upload = options.upload && this.uploadOf(options.upload);
    this.call = new OutgoingCall<T>(this, this.telemetry ?? taker);
  }

  get pattern(): string {
    return this.message.pattern;
  }

  get codec(): Codec {
    return this.client.link.options.codec;
  }

  get window(): number {
    return this.message.options.window ?? this.client.settings.window;
  }

  get budget(): ReceiveBudget {
    return this.client.link.budget;
  }

  get assembling(): AssemblyBudget {
    return this.client.link.assembling;
  }

  get maxItemBytes(): number {
    return this.client.link.options.maxItemBytes;
  }

  get idleTimeoutMs(): number | undefined {
    const { idleTimeoutMs = this.client.settings.idleTimeoutMs } = this.message.options;
    return idleTimeoutMs;
  }

  get totalTimeoutMs(): number | undefined {
    return this.message.options.totalTimeoutMs;
  }

  /** Registers the call before its request is sent, so that no reply can be missed. */
  start(): OutgoingCall<T> {
    const { call } = this;
    const { signal } = this.message.options;
    // Made in a handler, it goes by the correlation id of what that handles.
    const nested = this.correlationId !== this.callId;
    this.client.link.router.addOutgoing(this.callId, call, nested);
    if (signal) {
      this.onAbort = () => this.abort();
      signal.addEventListener('abort', this.onAbort);
    }
    if (signal?.aborted) this.abort();
    else call.start();
    return call;
  }

  request(terms: RequestTerms): void {
    this.send(terms).catch((error: unknown) => this.call.fail(statusOfFailure(error)));
  }

  tell(server: ServerAddress, frame: ClientFrame): void {
    this.client.link.tell(this.inboxOf(server), frame);
  }

  hold(server: ServerAddress, execution: string, shared: SharedExecution): void {
    this.client.link.peers.hold('client', this.inboxOf(server), execution, shared);
  }

  release({ instance }: ServerAddress, execution: string): void {
    this.client.link.peers.release('client', instance, execution);
  }

  onEnded(): void {
    this.ended = true;
    this.client.link.router.removeOutgoing(this.callId);
    this.parcel?.withdraw();
    this.upload?.end();
    if (this.onAbort) this.message.options.signal?.removeEventListener('abort', this.onAbort);
    this.telemetry?.released();
  }

  private async send(terms: RequestTerms): Promise<void> {
    const { message, client, maxItemBytes } = this;
    const { pattern, key, value } = message;
    const { link } = client;
    if (value.length > maxItemBytes) throw tooLarge(message, maxItemBytes);
    if (!link.isOpen) await link.open(terms.timeoutMs);
    const headers = headersOf(message, this.header(terms));
    const spec = client.topicOf(pattern);
    const partition = await choosePartition(link, spec, key);
    if (this.ended) return;
    this.telemetry?.request(headers, terms.attempt, partition);
    const record = { topic: spec.topic, partition, key, value, headers };
    const expiresAt = performance.now() + terms.timeoutMs;
    const failed = (status: Status) => this.call.fail(status);
    if (value.length > LARGE_BYTES) {
      const large = new LargeRequest(link.sender, record, { expiresAt, failed });
      this.parcel = large;
      large.send();
      return;
    }
    const small = new RequestParcel(record, expiresAt, failed);
    this.parcel = small;
    const refused = link.sender.offer(small);
    if (refused) this.call.fail(refused);
  }

  private header(terms: RequestTerms): string {
    const { message, client, callId, correlationId } = this;
    return encodeHeader({
      kind: 'request',
      callId,
      pattern: message.pattern,
      replyTo: client.link.address,
      timeoutMs: terms.timeoutMs,
      credit: terms.credit,
      creditBytes: terms.creditBytes,
      resumeFrom: terms.resumeFrom,
      attempt: terms.attempt + (message.attempt ?? 1) - 1,
      contentType: message.contentType,
      correlationId,
      upload: message.options.upload !== undefined,
    });
  }

  private observe(taker: ReplyTaker<T>): CallTelemetry<T> {
    const { callId, correlationId, message, client } = this;
    const { to: service } = client.settings;
    const topicOf = (pattern: string) => client.topicOf(pattern);
    return new CallTelemetry({ callId, correlationId, message, service, topicOf }, taker);
  }

  private uploadOf(source: AsyncIterable<unknown>): OutgoingUpload {
    return new OutgoingUpload({
      source,
      pattern: this.pattern,
      link: this.client.link,
      inboxOf: server => this.inboxOf(server),
      onSourceAwaited: () => this.call.awaitSource(),
      onServerAwaited: () => this.call.awaitServer(),
      onFailed: error => this.call.failUpload(error),
    });
  }

  /** The server's inbox topic is that of the service called, whatever a frame says. */
  private inboxOf({ partition, instance }: ServerAddress): InstanceAddress {
    const { to, link } = this.client.settings;
    return { topic: link.names.inbox(to), partition, instance };
  }

  private abort(): void {
    const message = `the call of ${this.pattern} was aborted by its caller`;
    this.call.fail({ code: 'CANCELLED', message });
  }
}

function tooLarge({ pattern, value }: Message, limit: number): ParleyException {
  return new ParleyException(
    'INVALID_ARGUMENT',
    `the data for ${pattern} weighs ${value.length} bytes; the limit is ${limit} (maxItemBytes)`,
  );
}
