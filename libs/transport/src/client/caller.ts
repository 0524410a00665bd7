import type { TopicSpec } from '../drivers/driver.js';
import type { Link } from '../link/link.js';
import { callsTopic } from '../link/topics.js';
import type { ClientSettings } from '../options/settings.js';
import { CallOnLink, type CallingClient } from './call-on-link.js';
import { callersMistake, type Message } from './message.js';
import type { OutgoingCall } from './outgoing-call.js';
import type { ReplyTaker } from './outgoing-call-options.js';
import { TopicsByPattern } from './topics-by-pattern.js';

/** Makes the calls of one client to one service. */
export class Caller implements CallingClient {
  private readonly topics: TopicsByPattern;

  constructor(
    readonly link: Link,
    readonly settings: ClientSettings,
  ) {
    const { names, topics } = settings.link;
    this.topics = new TopicsByPattern(pattern =>
      callersMistake(() => callsTopic(names.calls(settings.to, pattern), topics.calls)),
    );
    link.addCalled(settings.to);
  }

  /** With `pulled`, the taker tells by `take` what it has taken. */
  call<T>(message: Message, taker: ReplyTaker<T>, pulled = false): OutgoingCall<T> {
    return new CallOnLink(this, message, taker, pulled).start();
  }

  topicOf(pattern: string): TopicSpec {
    return this.topics.of(pattern);
  }
}
