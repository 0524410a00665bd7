import type { TopicSpec } from '../drivers/driver.js';

/** Topics that callers need and that are not there yet: however many need one at a time, it is made once. */
export class MissingTopics {
  private readonly making = new Map<string, Promise<void>>();

  /** `ensure` resolves once the topic is there, and rejects where it cannot be made. */
  constructor(private readonly ensure: (spec: TopicSpec) => Promise<void>) {}

  /** Settles as the making of the topic does, the one that is under way included. */
  make(spec: TopicSpec): Promise<void> {
    const underWay = this.making.get(spec.topic);
    if (underWay) return underWay;
    const made = this.ensure(spec).finally(() => this.making.delete(spec.topic));
    this.making.set(spec.topic, made);
    return made;
  }
}
