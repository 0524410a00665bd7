import type { Link } from '../link/link.js';
import { sendRecord, type RecordMetadata } from '../link/send-record.js';
import { eventTopic } from '../link/topics.js';
import type { ClientSettings } from '../options/options.js';
import { currentContext } from '../server/execution-scope.js';
import { encodeHeader } from '../wire/header.js';
import { CALL_ID_BYTES, randomId } from '../wire/id.js';
import { callersMistake, headersOf, type Message } from './message.js';

/** Sends the events of one client. */
export class Emitter {
  constructor(
    private readonly link: Link,
    private readonly settings: ClientSettings,
  ) {}

  /** Resolves once every in-sync replica has the event; rejects with a status within its time-out. */
  async emit(message: Message): Promise<RecordMetadata> {
    const { names, topics } = this.settings.link;
    const { pattern, key, contentType, value, options } = message;
    const topic = callersMistake(() => names.event(pattern));
    const messageId = randomId(CALL_ID_BYTES);
    const correlationId = currentContext()?.correlationId ?? messageId;
    const line = encodeHeader({ kind: 'event', messageId, pattern, contentType, correlationId });
    const headers = headersOf(message, line);
    const timeoutMs = options.timeoutMs ?? this.settings.emitTimeoutMs;
    await this.link.open(timeoutMs);
    return sendRecord(this.link, eventTopic(topic, topics.events), { key, value, headers }, timeoutMs);
  }
}
