import type { Link } from '../link/link.js';
import { sendRecord, type RecordMetadata } from '../link/send-record.js';
import { eventTopic } from '../link/topics.js';
import type { ClientSettings } from '../options/settings.js';
import { currentContext } from '../server/execution-scope.js';
import { activeTracer } from '../telemetry/tracing.js';
import { SendSpan } from '../telemetry/send-span.js';
import { encodeHeader } from '../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../wire/id.js';
import { exceptionOf } from './failure.js';
import { callersMistake, headersOf, type Message } from './message.js';
import { TopicsByPattern } from './topics-by-pattern.js';

/** Sends the events of one client. */
export class Emitter {
  private readonly topics: TopicsByPattern;

  constructor(
    private readonly link: Link,
    private readonly settings: ClientSettings,
  ) {
    const { names, topics } = settings.link;
    this.topics = new TopicsByPattern(pattern =>
      callersMistake(() => eventTopic(names.event(pattern), topics.events)),
    );
  }

  /** Resolves once every in-sync replica has the event; rejects with a status within its time-out. */
  async emit(message: Message): Promise<RecordMetadata> {
    const { pattern, key, contentType, value, options } = message;
    const spec = this.topics.of(pattern);
    const messageId = randomId(CALL_ID_BYTES);
    const correlationId = currentContext()?.correlationId ?? messageId;
    const line = encodeHeader({ kind: 'event', messageId, pattern, contentType, correlationId });
    const headers = headersOf(message, line);
    const timeoutMs = options.timeoutMs ?? this.settings.emitTimeoutMs;
    const send = async () => {
      try {
        return await sendRecord(this.link, spec, { key, value, headers }, timeoutMs);
      } catch (error) {
        throw exceptionOf(error);
      }
    };
    const tracer = activeTracer();
    if (!tracer) return send();
    const event = { topic: spec.topic, pattern, key, headers, messageId, correlationId };
    return SendSpan.ofEvent(tracer, event).follow(send());
  }
}
