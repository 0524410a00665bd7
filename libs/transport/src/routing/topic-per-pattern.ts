import type { Routing } from './routing.js';
import { legalTopic } from './topic-name.js';
import { topicPerService } from './topic-per-service.js';

/** A topic for each pattern, named after it, as Nest's built-in Kafka transport has it. */
export function topicPerPattern(prefix = ''): Routing {
  const calls = (_service: string, pattern: string) => legalTopic(`${prefix}${pattern}`, 'pattern');
  return {
    ...topicPerService(prefix),
    calls,
    served: (service, patterns) => patterns.map(pattern => calls(service, pattern)),
  };
}
