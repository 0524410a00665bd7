import type { Routing } from './routing.js';
import { eventTopicName, legalTopic } from './topic-name.js';

/** The default: one calls topic a service, whatever the number of its patterns. */
export function topicPerService(prefix = ''): Routing {
  const calls = (service: string) => legalTopic(`${prefix}${service}.calls`, 'service');
  return {
    calls,
    served: service => [calls(service)],
    callsGroup: calls,
    inbox: service => legalTopic(`${prefix}${service}.inbox`, 'service'),
    isInbox: topic => topic.startsWith(prefix) && topic.endsWith('.inbox'),
    event: pattern => eventTopicName(`${prefix}${pattern}`, pattern),
    eventsGroup: service => legalTopic(`${prefix}${service}.events`, 'service'),
    dead: (topic, service) => legalTopic(`${topic}.${service}.dead`, 'dead letter topic'),
  };
}
