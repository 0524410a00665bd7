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
    retry: (topic, service, delayMs) =>
      legalTopic(`${topic}.${service}.retry.${delayName(delayMs)}`, 'retry topic'),
    retriesGroup: service => legalTopic(`${prefix}${service}.retries`, 'service'),
    dead: (topic, service) => legalTopic(`${topic}.${service}.dead`, 'dead letter topic'),
  };
}

/** As people say it, where it comes out even: `500ms`, `10s`, `90s`, `5m`, `1h`. */
function delayName(delayMs: number): string {
  const [size, unit] = UNITS.find(([ms]) => delayMs % ms === 0)!;
  return `${delayMs / size}${unit}`;
}

const UNITS = [
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
  [1, 'ms'],
] as const;
