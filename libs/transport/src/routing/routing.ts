/**
 * Where patterns live. One replaceable interface: both ends of a call must use the same. Every name it gives is a
 * legal topic name (https://kafka.apache.org/documentation/#topicconfigs), 249 characters at most.
 */
export interface Routing {
  /** The topic on which a service takes calls of this pattern. */
  calls(service: string, pattern: string): string;
  /** The topics a server of these patterns reads. */
  served(service: string, patterns: readonly string[]): string[];
  /** The consumer group that shares a service's calls. */
  callsGroup(service: string): string;
  inbox(service: string): string;
  /** Whether a topic may be an inbox: servers reply nowhere else, whatever a request says. */
  isInbox(topic: string): boolean;
  event(pattern: string): string;
  /** The consumer group of a service's event handlers: apart from the calls', so that neither rebalances the other. */
  eventsGroup(service: string): string;
  /** Where a topic's events wait that a handler of a service is to be given again after a delay, in ms. */
  retry(topic: string, service: string, delayMs: number): string;
  /** The consumer group that shares a service's retry topics. */
  retriesGroup(service: string): string;
  /** Where a service's letters go that a topic's handlers could not handle. */
  dead(topic: string, service: string): string;
}

export type RoutingName = 'topic-per-service' | 'topic-per-pattern';
