import type { Subscriber } from 'rxjs';
import type { TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from '../link/link.js';
import { RecordParcel } from '../link/parcel.js';
import { choosePartition } from '../link/partitioner.js';
import { callsTopic } from '../link/topics.js';
import type { ClientSettings } from '../options/options.js';
import { currentContext } from '../server/execution-scope.js';
import { encodeFrame, type ClientFrame } from '../wire/frame.js';
import { encodeHeader } from '../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../wire/id.js';
import type { Status } from '../wire/status.js';
import { EndedCalls } from './ended-calls.js';
import { callersMistake, headersOf, type Message } from './message.js';
import { OutgoingCall, type RunningExecution, type ServerAddress } from './outgoing-call.js';

/** Patterns whose topic is remembered: more are only seen where patterns are made up at run time. */
const MAX_REMEMBERED_PATTERNS = 1000;

/** Makes the calls of one client to one service. */
export class Caller {
  private readonly endedCalls: EndedCalls;
  private readonly topics = new Map<string, TopicSpec>();

  constructor(
    private readonly link: Link,
    private readonly settings: ClientSettings,
  ) {
    this.endedCalls = new EndedCalls(link.router);
  }

  /**
   * Registers the call before its request is sent, so that no reply can be missed. Returns what unsubscribing does.
   */
  call<T>(message: Message, subscriber: Subscriber<T>): () => void {
    const callId = randomId(CALL_ID_BYTES);
    const timeoutMs = this.timeoutOf(message);
    let parcel: RecordParcel | undefined;
    const call = new OutgoingCall<T>(
      {
        callId,
        pattern: message.pattern,
        codec: this.settings.link.codec,
        window: this.windowOf(message),
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
    const send = async () => {
      if (!this.link.isOpen) await this.link.open(timeoutMs);
      parcel = await this.request(message, callId, timeoutMs, status => call.fail(status));
      const refused = subscriber.closed ? undefined : this.link.sender.offer(parcel);
      if (refused) call.fail(refused);
    };
    send().catch((error: unknown) => call.fail(statusOfFailure(error)));
    return () => call.unsubscribe();
  }

  private async request(
    message: Message,
    callId: string,
    timeoutMs: number,
    onFailed: (status: Status) => void,
  ): Promise<RecordParcel> {
    const { pattern, key, contentType, value } = message;
    const spec = this.topicOf(pattern);
    const partition = await choosePartition(this.link, spec, key);
    const line = encodeHeader({
      kind: 'request',
      callId,
      pattern,
      replyTo: this.link.address,
      timeoutMs,
      credit: this.windowOf(message),
      attempt: 1,
      contentType,
      correlationId: currentContext()?.correlationId ?? callId,
    });
    const record = { topic: spec.topic, partition, key, value, headers: headersOf(message, line) };
    return new RecordParcel(record, performance.now() + timeoutMs, () => undefined, onFailed);
  }

  private topicOf(pattern: string): TopicSpec {
    let spec = this.topics.get(pattern);
    if (!spec) {
      const { names, topics } = this.settings.link;
      spec = callersMistake(() => callsTopic(names.calls(this.settings.to, pattern), topics.calls));
      if (this.topics.size >= MAX_REMEMBERED_PATTERNS) this.topics.clear();
      this.topics.set(pattern, spec);
    }
    return spec;
  }

  /** Never longer than the handler that this call is made in may take. */
  private timeoutOf({ options }: Message): number {
    const wanted = options.timeoutMs ?? this.settings.timeoutMs;
    const remaining = currentContext()?.remainingMs ?? Infinity;
    return Math.max(1, Math.ceil(Math.min(wanted, remaining)));
  }

  private windowOf({ options }: Message): number {
    return options.window ?? this.settings.window;
  }

  /** Tells the server, now or once it is known, that nobody waits any more. */
  private cancel(callId: string, { execution, server }: RunningExecution, timeoutMs: number): void {
    const stop = (at: ServerAddress, running: string) =>
      this.tell(at, { kind: 'cancel', callId, execution: running, reason: 'unsubscribed' });
    if (server && execution) stop(server, execution);
    else if (this.link.isOpen)
      this.endedCalls.remember(callId, timeoutMs, accept => stop(accept, accept.execution));
  }

  /** The server's inbox topic is that of the service called, whatever a frame says. */
  private tell({ partition, instance }: ServerAddress, frame: ClientFrame): void {
    if (!this.link.isOpen) return;
    const encoded = encodeFrame(frame);
    const topic = this.settings.link.names.inbox(this.settings.to);
    this.link.sender.post({ topic, partition, instance }, { take: () => [encoded] }, encoded.length);
  }
}

function statusOfFailure(error: unknown): Status {
  if (error instanceof ParleyException) return error.toStatus();
  return { code: 'UNAVAILABLE', message: error instanceof Error ? error.message : String(error) };
}
