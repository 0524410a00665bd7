import type { Driver, LogExtent } from '../drivers/driver.js';
import type { Routing } from '../routing/routing.js';
import { patiently } from './patience.js';
import type { Selection } from './selection.js';

/** A dead letter topic, and what its partitions held when it was looked at. */
export interface DeadTopic {
  /** The event's topic. */
  origin: string;
  topic: string;
  extents: readonly LogExtent[];
}

export interface TopicsOf {
  service: string;
  prefix: string;
  names: Routing;
}

/**
 * The names of a service's dead letter topics among those of a cluster, by the name of the topic whose letters they
 * hold. Whatever the routing is like, since it is asked for each topic where its letters would be; where it only adds
 * to a topic's name, letters are found of topics too that are not there any more.
 */
export function deadTopicNames(
  topics: readonly string[],
  { service, prefix, names }: TopicsOf,
  wanted?: Selection['topic'],
): ReadonlyMap<string, string> {
  const known = new Set(topics);
  const found = new Map<string, string>();
  for (const origin of [...topics, ...strippedOf(topics, service, names)]) {
    const topic = origin.startsWith(prefix) ? deadOf(origin, service, names) : undefined;
    if (topic === undefined || !known.has(topic)) continue;
    if (wanted === undefined || wanted === topic || wanted === origin || `${prefix}${wanted}` === origin)
      found.set(origin, topic);
  }
  return found;
}

/** Looks at a service's dead letter topics; those without a letter are left out. */
export async function lookAtDeadTopics(
  driver: Driver,
  of: TopicsOf,
  wanted?: Selection['topic'],
): Promise<readonly DeadTopic[]> {
  const names = deadTopicNames(await patiently(() => driver.topics()), of, wanted);
  const looked = await Promise.all(
    [...names].map(async ([origin, topic]) => ({
      origin,
      topic,
      extents: await patiently(() => driver.extents(topic)),
    })),
  );
  return looked
    .filter(({ extents }) => extents.some(({ start, end }) => end > start))
    .toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
}

/** What topics are called without what the routing adds for their letters. */
function strippedOf(topics: readonly string[], service: string, names: Routing): string[] {
  const probe = 'topic';
  const dead = deadOf(probe, service, names);
  if (!dead?.startsWith(probe) || dead === probe) return [];
  const suffix = dead.slice(probe.length);
  return topics.filter(topic => topic.endsWith(suffix)).map(topic => topic.slice(0, -suffix.length));
}

function deadOf(origin: string, service: string, names: Routing): string | undefined {
  try {
    return names.dead(origin, service);
  } catch {
    return undefined; // its name would be too long: it has no letters
  }
}
