import { retryRecord, type Retry } from '../../consume/retry-record.js';
import type { ReceivedRecord, TopicSpec } from '../../drivers/driver.js';
import type { Link } from '../../link/link.js';
import { eventTopic } from '../../link/topics.js';
import type { Handlers } from '../handlers.js';
import type { Onward, Persistence } from './onward.js';

export interface RetryTopic {
  /** The pattern of the events that wait there. */
  pattern: string;
  delayMs: number;
}

/** The topics on which events wait for another run: one for each delay, so that what is due first comes first. */
export class RetryTopics {
  constructor(
    private readonly link: Link,
    private readonly handlers: Handlers,
    private readonly onward: Onward,
  ) {}

  /** By name. */
  all(): Map<string, RetryTopic> {
    const { names, service } = this.link.options;
    const topics = new Map<string, RetryTopic>();
    for (const pattern of this.handlers.eventPatterns)
      for (const { policy } of this.handlers.event(pattern))
        for (const delayMs of policy.hops)
          topics.set(names.retry(names.event(pattern), service, delayMs), { pattern, delayMs });
    return topics;
  }

  spec(name: string): TopicSpec {
    return eventTopic(name, this.link.options.topics.events);
  }

  /** Resolves once the topic has the event; rejects as `Onward.send` does. */
  async send(
    event: ReceivedRecord,
    retry: Omit<Retry, 'dueAt'>,
    delayMs: number,
    persistence: Persistence,
  ): Promise<void> {
    const { names, service } = this.link.options;
    const dueAt = new Date(Date.now() + delayMs);
    const topic = this.spec(names.retry(event.topic, service, delayMs));
    await this.onward.send(topic, retryRecord(event, { ...retry, dueAt }), persistence);
  }
}
