import type { TopicSpec } from '../drivers/driver.js';

/** More are only seen where patterns are made up at run time. */
const MAX_PATTERNS = 1000;

/** The topics that patterns have come to, so that each is worked out once. */
export class TopicsByPattern {
  private readonly topics = new Map<string, TopicSpec>();

  constructor(private readonly topicOf: (pattern: string) => TopicSpec) {}

  of(pattern: string): TopicSpec {
    let topic = this.topics.get(pattern);
    if (!topic) {
      topic = this.topicOf(pattern);
      if (this.topics.size >= MAX_PATTERNS) this.topics.clear();
      this.topics.set(pattern, topic);
    }
    return topic;
  }
}
