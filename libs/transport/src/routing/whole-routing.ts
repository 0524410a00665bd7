import type { Routing } from './routing.js';
import { topicPerService } from './topic-per-service.js';

/**
 * A routing of the user's own, if it answers everything that is asked of one. Raises TypeError that names what it lacks:
 * one that was written for an earlier version may, and would fail only once an event has to be tried again.
 */
export function wholeRouting(routing: Routing): Routing {
  const lacks = Object.keys(topicPerService()).filter(
    name => typeof routing[name as keyof Routing] !== 'function',
  );
  if (lacks.length === 0) return routing;
  throw new TypeError(
    `routing: the routing that was given lacks ${lacks.join(', ')}. Add them, or let topicPerService give what yours does not: { ...topicPerService(prefix), ${
      lacks.includes('calls') ? 'event' : 'calls'
    }: ... }`,
  );
}
