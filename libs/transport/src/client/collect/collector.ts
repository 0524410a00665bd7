import { Observable, type Subscriber } from 'rxjs';
import type { Link } from '../../link/link.js';
import type { ClientSettings } from '../../options/settings.js';
import { currentContext } from '../../server/execution-scope.js';
import { CallTelemetry } from '../../telemetry/call-telemetry.js';
import { isObserved } from '../../telemetry/observed.js';
import { encodeHeader, type InstanceAddress } from '../../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../../wire/id.js';
import { statusOfFailure } from '../failure.js';
import { headersOf, type Message } from '../message.js';
import type { ServerAddress } from '../outgoing-call-options.js';
import { timeoutOf } from '../timeout.js';
import { Broadcast } from './broadcast.js';
import type { CollectOptions } from './collect-options.js';
import { COLLECT_CREDIT, Collection, type Answer } from './collection.js';

/** Asks every instance of one service. */
export class Collector {
  constructor(
    private readonly link: Link,
    private readonly settings: ClientSettings,
  ) {}

  /** Each subscription is a request of its own. Errors where it could not be sent at all. */
  collect<T>(read: () => Message, options: CollectOptions): Observable<Answer<T>> {
    return new Observable<Answer<T>>(subscriber => this.begin(read(), options, subscriber));
  }

  private begin<T>(message: Message, options: CollectOptions, subscriber: Subscriber<Answer<T>>): () => void {
    const callId = randomId(CALL_ID_BYTES);
    const { router, peers } = this.link;
    const { signal, timeoutMs } = message.options;
    const windowMs = timeoutOf({ timeoutMs: options.windowMs ?? timeoutMs }, this.settings);
    const broadcast = new Broadcast(this.link);
    const context = currentContext();
    const correlationId = context?.correlationId ?? callId;
    const telemetry = isObserved() ? this.observe(message, callId, correlationId, subscriber) : undefined;
    const collection = new Collection<T>(
      {
        callId,
        pattern: message.pattern,
        codec: this.link.options.codec,
        expect: options.expect ?? Infinity,
        tell: (server, frame) => this.link.tell(this.inboxOf(server), frame),
        hold: (server, execution, shared) => peers.hold('client', this.inboxOf(server), execution, shared),
        release: (server, execution) => peers.release('client', server.instance, execution),
        onEnded: () => {
          clearTimeout(timer);
          router.removeOutgoing(callId);
          broadcast.withdraw();
          signal?.removeEventListener('abort', abort);
          telemetry?.released();
        },
      },
      telemetry ?? subscriber,
    );
    const abort = () =>
      collection.abandon({
        code: 'CANCELLED',
        message: `the collection of ${message.pattern} was aborted by its caller`,
      });
    const timer = setTimeout(() => collection.close(), windowMs);
    router.addOutgoing(callId, collection, context !== undefined);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else
      this.send(message, callId, correlationId, windowMs, collection, broadcast, telemetry).catch(
        (error: unknown) => collection.abandon(statusOfFailure(error)),
      );
    return () => collection.unsubscribe();
  }

  private observe<T>(
    message: Message,
    callId: string,
    correlationId: string,
    taker: Subscriber<Answer<T>>,
  ): CallTelemetry<Answer<T>> {
    const { to: service } = this.settings;
    const topic = this.link.options.names.inbox(service);
    return new CallTelemetry({ callId, correlationId, message, service, topicOf: () => ({ topic }) }, taker);
  }

  private async send<T>(
    message: Message,
    callId: string,
    correlationId: string,
    windowMs: number,
    collection: Collection<T>,
    broadcast: Broadcast,
    telemetry: CallTelemetry<Answer<T>> | undefined,
  ): Promise<void> {
    const begun = performance.now();
    if (!this.link.isOpen) await this.link.open(windowMs);
    const leftMs = Math.max(1, Math.ceil(windowMs - (performance.now() - begun)));
    const line = encodeHeader({
      kind: 'request',
      callId,
      pattern: message.pattern,
      replyTo: this.link.address,
      timeoutMs: leftMs,
      credit: COLLECT_CREDIT.items,
      creditBytes: COLLECT_CREDIT.bytes,
      resumeFrom: 0,
      attempt: 1,
      contentType: message.contentType,
      correlationId,
    });
    const topic = this.link.options.names.inbox(this.settings.to);
    const record = { topic, key: null, value: message.value, headers: headersOf(message, line) };
    telemetry?.request(record.headers, 1);
    const partitions = await broadcast.send(record, leftMs, status => collection.abandon(status));
    // Without an inbox no instance was ever there, and none that comes up now would read what is sent to it later.
    if (partitions === 0) collection.close();
  }

  /** The server's inbox topic is that of the service asked, whatever a frame says. */
  private inboxOf({ partition, instance }: ServerAddress): InstanceAddress {
    return { topic: this.link.options.names.inbox(this.settings.to), partition, instance };
  }
}
