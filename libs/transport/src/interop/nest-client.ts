import { statusOfFailure } from '../client/failure.js';
import { callersMistake, type Message } from '../client/message.js';
import type { ReplyTaker } from '../client/outgoing-call-options.js';
import type { CallStarter, RunningCall } from '../client/running-call.js';
import { timeoutOf } from '../client/timeout.js';
import type { HeaderValue, TopicSpec } from '../drivers/driver.js';
import { ParleyException } from '../exceptions/parley-exception.js';
import type { Link } from '../link/link.js';
import { RecordParcel } from '../link/parcel.js';
import { choosePartition } from '../link/partitioner.js';
import { sendRecord, type RecordMetadata } from '../link/send-record.js';
import { eventTopic } from '../link/topics.js';
import type { ClientSettings } from '../options/settings.js';
import { CallTelemetry } from '../telemetry/call-telemetry.js';
import { isObserved } from '../telemetry/observed.js';
import { SendSpan } from '../telemetry/send-span.js';
import { activeTracer } from '../telemetry/tracing.js';
import { currentContext } from '../server/execution-scope.js';
import { CALL_ID_BYTES, randomId } from '../wire/id.js';
import { NEST_HEADERS } from './nest-headers.js';
import { NestCall } from './nest-call.js';
import type { NestMessage } from './nest-message.js';
import type { NestTopics } from './nest-options.js';
import { ReplyTopic } from './reply-topic.js';

/** Patterns that one client may call: each has a reply topic, which is read on connections of its own. */
const MAX_REPLY_TOPICS = 256;

/** Calls and events to a service whose servers use Nest's built-in Kafka transport. */
export class NestClient implements CallStarter {
  /** One for each pattern that was called since the link opened. */
  private readonly replyTopics = new Map<string, ReplyTopic>();

  constructor(
    private readonly link: Link,
    private readonly settings: ClientSettings,
    private readonly nest: NestTopics,
  ) {
    link.onState(state => {
      // The tails went with the driver.
      if (state === 'closed') this.replyTopics.clear();
    });
  }

  call<T>(message: Message, taker: ReplyTaker<T>, pulled = false): RunningCall {
    const id = randomId(CALL_ID_BYTES);
    const { pattern, options } = message;
    const timeoutMs = timeoutOf(options, this.settings);
    // Such a server cannot tell that it lives: without a limit the stream of one that died would never end.
    const { idleTimeoutMs = this.settings.idleTimeoutMs ?? timeoutMs, totalTimeoutMs, signal } = options;
    const telemetry = isObserved() ? this.observe(message, id, taker) : undefined;
    let parcel: RecordParcel | undefined;
    let replies: ReplyTopic | undefined;
    const send = async () => {
      await this.link.open(timeoutMs);
      replies = this.repliesTo(pattern);
      const partition = await replies.expect(id, call);
      const record = await this.request(message as NestMessage, id, partition);
      if (call.ended) {
        replies.forget(id);
        return;
      }
      telemetry?.request(record.headers, 1, record.partition);
      parcel = new RecordParcel(
        record,
        performance.now() + timeoutMs,
        () => undefined,
        status => call.fail(status),
      );
      const refused = this.link.sender.offer(parcel);
      if (refused) call.fail(refused);
    };
    const call = new NestCall<T>(
      {
        pattern,
        timeoutMs,
        idleTimeoutMs,
        totalTimeoutMs,
        pulled,
        signal,
        onEnded: () => {
          this.link.router.removeOutgoing(id);
          replies?.forget(id);
          parcel?.withdraw();
          telemetry?.released();
        },
      },
      telemetry ?? taker,
    );
    this.link.router.addOutgoing(id, call, currentContext() !== undefined);
    if (signal?.aborted)
      call.abandon({ code: 'CANCELLED', message: `the call of ${pattern} was aborted by its caller` });
    else send().catch((error: unknown) => call.fail(statusOfFailure(error)));
    return call;
  }

  /** Whose group the built-in's servers are in is not known here: a call waits for one within its timeout. */
  confirm(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves once every in-sync replica has the event; rejects with a status within its time-out. */
  async emit(message: Message): Promise<RecordMetadata> {
    const { pattern, key, value, options, headers } = message as NestMessage;
    const timeoutMs = options.timeoutMs ?? this.settings.emitTimeoutMs;
    const topic = callersMistake(() => this.nest.names.event(pattern));
    const spec = eventTopic(topic, this.settings.link.topics.events);
    const send = async () => {
      await this.link.open(timeoutMs);
      return sendRecord(this.link, spec, { key, value, headers }, timeoutMs);
    };
    const tracer = activeTracer();
    if (!tracer) return send();
    return SendSpan.ofEvent(tracer, { topic, pattern, key, headers }).follow(send());
  }

  private observe<T>(message: Message, callId: string, taker: ReplyTaker<T>): CallTelemetry<T> {
    const { to: service } = this.settings;
    const topicOf = (pattern: string) => this.topicOf(pattern);
    return new CallTelemetry({ callId, correlationId: callId, message, service, topicOf }, taker);
  }

  private async request(message: NestMessage, id: string, replyPartition: number) {
    const { key, value, headers: own } = message;
    const spec = this.topicOf(message.pattern);
    const headers: Record<string, HeaderValue> = {
      ...own,
      [NEST_HEADERS.correlationId]: id,
      [NEST_HEADERS.replyTopic]: this.nest.replyTopic(spec.topic),
      [NEST_HEADERS.replyPartition]: String(replyPartition),
    };
    return { topic: spec.topic, partition: await choosePartition(this.link, spec, key), key, value, headers };
  }

  private repliesTo(pattern: string): ReplyTopic {
    const topic = this.nest.replyTopic(this.topicOf(pattern).topic);
    const known = this.replyTopics.get(topic);
    if (known) return known;
    if (this.replyTopics.size >= MAX_REPLY_TOPICS) {
      throw new ParleyException(
        'RESOURCE_EXHAUSTED',
        `this client reads the replies of ${MAX_REPLY_TOPICS} patterns already, each a topic of its own`,
      );
    }
    const made = new ReplyTopic(this.link.driver, { topic, provide: () => this.provide(topic) });
    this.replyTopics.set(topic, made);
    return made;
  }

  /** Makes a missing one where the link may: one that is there belongs to others too, and stays as it is. */
  private async provide(topic: string): Promise<void> {
    const { topics, provision } = this.settings.link;
    if (provision !== 'create' || (await this.link.driver.partitions(topic)).length > 0) return;
    await this.link.ensureTopics([eventTopic(topic, topics.inbox)]);
  }

  private topicOf(pattern: string): TopicSpec {
    const { names } = this.nest;
    return callersMistake(() =>
      eventTopic(names.calls(this.settings.to, pattern), this.settings.link.topics.calls),
    );
  }
}
