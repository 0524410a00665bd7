import type { Routing } from '../routing/routing.js';
import { nestCallTopics, usesOfNestCall, usesOfNestServer } from './nest-uses.js';
import { namesOf, type ServiceDescription, type SubscribedEvent } from './service-description.js';
import { Uses, type Topology } from './uses.js';

/** What a service does with which topics and groups. Raises TypeError for a name that Kafka does not take. */
export function topologyOf(description: ServiceDescription): Topology {
  const uses = new Uses();
  const names = namesOf(description);
  ofLink(description, names, uses);
  ofCalls(description, names, uses);
  ofAnswers(description, names, uses);
  ofEmits(description, names, uses);
  ofSubscribes(description, names, uses);
  return uses.listed();
}

/** What whoever looks at a service's dead letters does with them and, where they `redrive`, with the events' topics. */
export function deadLetterTopology(
  description: ServiceDescription,
  { redrive }: { redrive: boolean },
): Topology {
  const uses = new Uses();
  const names = namesOf(description);
  const { service, prefix = '', subscribes = [] } = description;
  const group = `${prefix}${service}.redrive`;
  const letters = subscribes.map(entry => names.event(eventOf(entry).event));
  for (const event of letters) {
    uses.topic(names.dead(event, service), 'dead', { reads: 'the letters are there' });
    if (redrive) uses.topic(event, 'event', { writes: 'letters go back to where they came from' });
  }
  const topics = letters.map(event => names.dead(event, service));
  if (topics.length > 0)
    uses.group(
      group,
      topics,
      redrive
        ? { joins: 'what was redriven is remembered there' }
        : { asks: 'it remembers what was redriven' },
    );
  return uses.listed();
}

function ofLink({ service }: ServiceDescription, names: Routing, uses: Uses): void {
  uses.topic(names.inbox(service), 'inbox', {
    reads: 'what others answer, and what controls a call, arrives there',
    makes: true,
    grows: true,
  });
}

function ofCalls(description: ServiceDescription, names: Routing, uses: Uses): void {
  const { calls = [], waitForReady = true } = description;
  for (const entry of calls) {
    const called = typeof entry === 'string' ? { service: entry, patterns: [''] } : entry;
    if (called.transport === 'nest-kafka') {
      usesOfNestCall(called, description, uses);
      continue;
    }
    const { service, patterns } = called;
    const topics = patterns.map(pattern => names.calls(service, pattern));
    for (const topic of topics)
      uses.topic(topic, 'calls', { writes: `requests to ${service} go there`, makes: true });
    uses.topic(names.inbox(service), 'inbox', {
      writes: `credit, cancellation and requests to every instance of ${service} go there`,
    });
    if (!waitForReady)
      uses.group(names.callsGroup(service), topics, { asks: `waitForReady: whether ${service} is there` });
  }
}

function ofAnswers(description: ServiceDescription, names: Routing, uses: Uses): void {
  const { service, answers = [], calledBy, prefix = '' } = description;
  if (answers.length === 0) return;
  const shared = nestCallTopics(description);
  const topics = names.served(service, answers).filter(topic => !shared.includes(topic));
  for (const topic of topics)
    uses.topic(topic, 'calls', { reads: 'requests are there', makes: true, grows: true });
  if (topics.length > 0)
    uses.group(names.callsGroup(service), topics, { joins: 'instances share the requests' });
  for (const caller of calledBy ?? [])
    uses.topic(names.inbox(caller), 'inbox', { writes: `${caller} is answered there` });
  if (calledBy === undefined)
    uses.topic(prefix === '' ? '*' : prefix, 'inbox', {
      writes: 'callers are answered in their inboxes: tell who they are (calledBy) to narrow this',
      ...(prefix !== '' && { match: 'prefixed' as const }),
    });
}

function ofEmits({ emits = [] }: ServiceDescription, names: Routing, uses: Uses): void {
  for (const event of emits)
    uses.topic(names.event(event), 'event', { writes: `${event} is emitted there`, makes: true });
}

function ofSubscribes(description: ServiceDescription, names: Routing, uses: Uses): void {
  const { service, subscribes = [], nestKafka } = description;
  const events = subscribes.map(eventOf);
  const topicsOf = (some: readonly SubscribedEvent[]) => some.map(({ event }) => names.event(event));
  for (const { event, delaysMs = [], broadcast = false } of events) {
    const topic = names.event(event);
    // What servers of the built-in transport read too is never grown.
    uses.topic(topic, 'event', { reads: `${event} is handled`, makes: true, grows: nestKafka === undefined });
    for (const delayMs of delaysMs)
      uses.topic(names.retry(topic, service, delayMs), 'retry', {
        reads: `${event} waits there for another run`,
        writes: `${event} waits there for another run`,
        makes: true,
        grows: true,
      });
    uses.topic(names.dead(topic, service), 'dead', {
      makes: true,
      ...(!broadcast && { writes: `what cannot be handled of ${event} is kept there` }),
    });
  }
  const retries = events.flatMap(({ event, delaysMs = [] }) =>
    delaysMs.map(delayMs => names.retry(names.event(event), service, delayMs)),
  );
  const shared = topicsOf(events.filter(({ broadcast }) => !broadcast));
  const broadcast = topicsOf(events.filter(event => event.broadcast));
  const group = names.eventsGroup(service);
  if (nestKafka) usesOfNestServer(description, shared, uses);
  else if (shared.length > 0) uses.group(group, shared, { joins: 'instances share the events' });
  if (retries.length > 0)
    uses.group(names.retriesGroup(service), retries, { joins: 'instances share what is run again' });
  if (broadcast.length > 0)
    uses.group(`${group}.`, broadcast, {
      joins: 'each instance reads broadcast events in a group of its own',
      match: 'prefixed',
    });
}

function eventOf(entry: string | SubscribedEvent): SubscribedEvent {
  return typeof entry === 'string' ? { event: entry } : entry;
}
