import type { ConsumptionOptions } from '../../consume/consumption.js';
import type { ServerSettings } from '../../options/settings.js';
import type { Events } from './events.js';
import type { Handlers } from '../handlers.js';

/**
 * What a server reads for its events: their own topics, in one group for all instances; the retry topics, in another,
 * so that a change of delays never rebalances events; and for broadcast events, in a group of the instance's own, which
 * the broker forgets some time after the instance is gone.
 */
export function eventConsumptions(
  { link, eventConcurrency: concurrency, eventsFrom, nestKafka }: ServerSettings,
  handlers: Handlers,
  events: Events,
  instance: string,
): Omit<ConsumptionOptions, 'onCommitError'>[] {
  const { names, service } = link;
  const topicsOf = (broadcast: boolean) =>
    handlers.eventPatternsOf({ broadcast }).map(pattern => names.event(pattern));
  const retryTopics = events.retryTopics.all();
  const all: Omit<ConsumptionOptions, 'onCommitError'>[] = [
    {
      group: names.eventsGroup(service),
      // What a server of Nest's built-in transport reads is read in its group.
      topics: nestKafka ? [] : topicsOf(false),
      from: eventsFrom,
      concurrency,
      keepDone: true,
      work: record => events.work(record, { broadcast: false }),
    },
    {
      group: names.retriesGroup(service),
      topics: [...retryTopics.keys()],
      concurrency,
      keepDone: true,
      work: record => events.retryWork(record, retryTopics.get(record.topic)!),
    },
    {
      group: `${names.eventsGroup(service)}.${instance}`,
      topics: topicsOf(true),
      from: 'latest',
      concurrency,
      work: record => events.work(record, { broadcast: true }),
    },
  ];
  return all.filter(({ topics }) => topics.length > 0);
}
