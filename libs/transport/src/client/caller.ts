import type { TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from '../link/link.js';
import { choosePartition } from '../link/partitioner.js';
import { callsTopic } from '../link/topics.js';
import type { ClientSettings } from '../options/settings.js';
import { currentContext } from '../server/execution-scope.js';
import type { InstanceAddress } from '../wire/header.js';
import { CallTelemetry } from '../telemetry/call-telemetry.js';
import { isObserved } from '../telemetry/observed.js';
import { encodeHeader } from '../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../wire/id.js';
import { LARGE_BYTES } from '../wire/parts.js';
import type { Status } from '../wire/status.js';
import { statusOfFailure } from './failure.js';
import { callersMistake, headersOf, type Message } from './message.js';
import { OutgoingCall } from './outgoing-call.js';
import type { ReplyTaker, RequestTerms, ServerAddress } from './outgoing-call-options.js';
import { OutgoingUpload } from './outgoing-upload.js';
import { LargeRequest, RequestParcel } from './request-parcels.js';
import { timeoutOf } from './timeout.js';

/** Patterns whose topic is remembered: more are only seen where patterns are made up at run time. */
const MAX_REMEMBERED_PATTERNS = 1000;

/** Makes the calls of one client to one service. */
export class Caller {
  private readonly topics = new Map<string, TopicSpec>();

  constructor(
    private readonly link: Link,
    private readonly settings: ClientSettings,
  ) {
    link.addCalled(settings.to);
  }

  /**
   * Registers the call before its request is sent, so that no reply can be missed. With `pulled`, the taker tells
   * by `take` what it has taken.
   */
  call<T>(message: Message, taker: ReplyTaker<T>, pulled = false): OutgoingCall<T> {
    const callId = randomId(CALL_ID_BYTES);
    const { router, peers, budget, assembling, options } = this.link;
    const { idleTimeoutMs = this.settings.idleTimeoutMs, totalTimeoutMs, signal } = message.options;
    const correlationId = currentContext()?.correlationId ?? callId;
    const telemetry = isObserved() ? this.observe(message, callId, correlationId, taker) : undefined;
    const { upload: source } = message.options;
    const upload: OutgoingUpload | undefined = source && this.upload(message.pattern, source, () => call);
    let parcel: { withdraw(): void } | undefined;
    let ended = false;
    const abort = () =>
      call.fail({ code: 'CANCELLED', message: `the call of ${message.pattern} was aborted by its caller` });
    const send = async (terms: RequestTerms) => {
      if (message.value.length > options.maxItemBytes) throw tooLarge(message, options.maxItemBytes);
      if (!this.link.isOpen) await this.link.open(terms.timeoutMs);
      const record = await this.record(message, this.header(message, callId, correlationId, terms));
      if (ended) return;
      telemetry?.request(record.headers, terms.attempt, record.partition);
      const { sender } = this.link;
      const expiresAt = performance.now() + terms.timeoutMs;
      const failed = (status: Status) => call.fail(status);
      if (message.value.length > LARGE_BYTES) {
        const large = new LargeRequest(sender, record, { expiresAt, failed });
        parcel = large;
        large.send();
        return;
      }
      const small = new RequestParcel(record, expiresAt, failed);
      parcel = small;
      const refused = sender.offer(small);
      if (refused) call.fail(refused);
    };
    const call = new OutgoingCall<T>(
      {
        callId,
        pattern: message.pattern,
        codec: options.codec,
        window: message.options.window ?? this.settings.window,
        budget,
        assembling,
        maxItemBytes: options.maxItemBytes,
        timeoutMs: timeoutOf(message.options, this.settings),
        idleTimeoutMs,
        totalTimeoutMs,
        pulled,
        upload,
        request: terms => {
          send(terms).catch((error: unknown) => call.fail(statusOfFailure(error)));
        },
        tell: (server, frame) => this.link.tell(this.inboxOf(server), frame),
        hold: (server, execution, shared) => peers.hold('client', this.inboxOf(server), execution, shared),
        release: (server, execution) => peers.release('client', server.instance, execution),
        onEnded: () => {
          ended = true;
          router.removeOutgoing(callId);
          parcel?.withdraw();
          upload?.end();
          signal?.removeEventListener('abort', abort);
          telemetry?.released();
        },
      },
      telemetry ?? taker,
    );
    router.addOutgoing(callId, call);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else call.start();
    return call;
  }

  private observe<T>(
    message: Message,
    callId: string,
    correlationId: string,
    taker: ReplyTaker<T>,
  ): CallTelemetry<T> {
    const { to: service } = this.settings;
    return new CallTelemetry({ callId, correlationId, message, service, topicOf: this.topicOf }, taker);
  }

  private header(message: Message, callId: string, correlationId: string, terms: RequestTerms): string {
    return encodeHeader({
      kind: 'request',
      callId,
      pattern: message.pattern,
      replyTo: this.link.address,
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

  private upload(
    pattern: string,
    source: AsyncIterable<unknown>,
    call: () => OutgoingCall<unknown>,
  ): OutgoingUpload {
    return new OutgoingUpload({
      source,
      pattern,
      link: this.link,
      inboxOf: server => this.inboxOf(server),
      onSourceAwaited: () => call().awaitSource(),
      onServerAwaited: () => call().awaitServer(),
      onFailed: error => call().failUpload(error),
    });
  }

  private async record(message: Message, line: string) {
    const { pattern, key, value } = message;
    const spec = this.topicOf(pattern);
    const partition = await choosePartition(this.link, spec, key);
    return { topic: spec.topic, partition, key, value, headers: headersOf(message, line) };
  }

  private readonly topicOf = (pattern: string): TopicSpec => {
    let spec = this.topics.get(pattern);
    if (!spec) {
      const { names, topics } = this.settings.link;
      spec = callersMistake(() => callsTopic(names.calls(this.settings.to, pattern), topics.calls));
      if (this.topics.size >= MAX_REMEMBERED_PATTERNS) this.topics.clear();
      this.topics.set(pattern, spec);
    }
    return spec;
  };

  /** The server's inbox topic is that of the service called, whatever a frame says. */
  private inboxOf({ partition, instance }: ServerAddress): InstanceAddress {
    return { topic: this.settings.link.names.inbox(this.settings.to), partition, instance };
  }
}

function tooLarge({ pattern, value }: Message, limit: number): ParleyException {
  return new ParleyException(
    'INVALID_ARGUMENT',
    `the data for ${pattern} weighs ${value.length} bytes; the limit is ${limit} (maxItemBytes)`,
  );
}
