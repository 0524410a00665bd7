import { nestTopics } from '../interop/nest-options.js';
import type { CalledService, ServiceDescription } from './service-description.js';
import type { Uses } from './uses.js';

/** The topics on which callers of the built-in's write to the service, where it is one of its servers. */
export function nestCallTopics({
  nestKafka,
  service,
  prefix = '',
  answers = [],
}: ServiceDescription): string[] {
  if (!nestKafka) return [];
  const { names } = nestTopics(nestKafka, prefix);
  return answers.map(pattern => names.calls(service, pattern));
}

/**
 * What a server does that also is one of Nest's built-in Kafka transport's: what it shares with those is made where it is
 * missing, and never grown.
 */
export function usesOfNestServer(
  description: ServiceDescription,
  events: readonly string[],
  uses: Uses,
): void {
  const { nestKafka, prefix = '', subscribes = [] } = description;
  if (!nestKafka) return;
  const { replyTopic } = nestTopics(nestKafka, prefix);
  const calls = nestCallTopics(description);
  for (const topic of calls) {
    uses.topic(topic, 'calls', { reads: 'requests of the built-in transport are there', makes: true });
    uses.topic(replyTopic(topic), 'reply', {
      writes: 'callers of the built-in transport are answered there',
      makes: true,
    });
  }
  if (calls.length > 0 || subscribes.length > 0)
    uses.group(nestKafka.group, [...calls, ...events], {
      joins: 'it is shared with servers of the built-in transport',
    });
}

/** What a client does that calls a server of the built-in's. */
export function usesOfNestCall(
  { service, patterns }: CalledService,
  { nestKafka, prefix = '' }: ServiceDescription,
  uses: Uses,
): void {
  const { names, replyTopic } = nestTopics(nestKafka ?? {}, prefix);
  for (const topic of patterns.map(pattern => names.calls(service, pattern))) {
    uses.topic(topic, 'calls', { writes: `requests to ${service} go there`, makes: true });
    uses.topic(replyTopic(topic), 'reply', { reads: `${service} answers there`, makes: true });
  }
}
