import { describe, expect, it } from 'vitest';
import type { ServiceDescription } from './service-description.js';
import { deadLetterTopology, topologyOf } from './topology.js';
import type { Topology } from './uses.js';

const orders: ServiceDescription = {
  service: 'orders',
  prefix: 'shop-',
  answers: ['order.get', 'order.watch'],
  calledBy: ['web'],
  calls: ['user'],
  waitForReady: false,
  emits: ['order.created'],
  subscribes: [
    'user.left',
    { event: 'user.created', delaysMs: [500, 10_000] },
    { event: 'price', broadcast: true },
  ],
};

/** Each topic with what is done with it: reads, writes, makes, grows. */
function topicsOf({ topics }: Topology): Record<string, string> {
  return Object.fromEntries(
    topics.map(({ topic, match, reads, writes, makes, grows }) => [
      match === 'prefixed' ? `${topic}*` : topic,
      [reads && 'r', writes && 'w', makes && 'm', grows && 'g'].filter(Boolean).join(''),
    ]),
  );
}

/** Each group with what its members read, where they join, or else a question. */
function groupsOf({ groups }: Topology): Record<string, readonly string[] | '?'> {
  return Object.fromEntries(
    groups.map(({ group, match, joins, topics }) => [
      match === 'prefixed' ? `${group}*` : group,
      joins === undefined ? '?' : topics,
    ]),
  );
}

describe('the topology of a service', () => {
  it('is all that it reads, writes, makes and grows, and the groups that it joins or asks about', () => {
    const topology = topologyOf(orders);
    expect(topicsOf(topology)).toEqual({
      'shop-orders.inbox': 'rmg',
      'shop-user.calls': 'wm',
      'shop-user.inbox': 'w',
      'shop-orders.calls': 'rmg',
      'shop-web.inbox': 'w',
      'shop-order.created': 'wm',
      'shop-user.left': 'rmg',
      'shop-user.left.orders.dead': 'wm',
      'shop-user.created': 'rmg',
      'shop-user.created.orders.retry.500ms': 'rwmg',
      'shop-user.created.orders.retry.10s': 'rwmg',
      'shop-user.created.orders.dead': 'wm',
      'shop-price': 'rmg',
      // Letters of broadcast events are none: its topic is made, as every handler's.
      'shop-price.orders.dead': 'm',
    });
    expect(groupsOf(topology)).toEqual({
      'shop-user.calls': '?',
      'shop-orders.calls': ['shop-orders.calls'],
      'shop-orders.events': ['shop-user.left', 'shop-user.created'],
      'shop-orders.retries': ['shop-user.created.orders.retry.500ms', 'shop-user.created.orders.retry.10s'],
      'shop-orders.events.*': ['shop-price'],
    });
  });

  it.each([
    ['shop-', 'shop-*', 'prefixed'],
    ['', '*', 'literal'],
  ])('lets it answer whoever has the prefix %j, where it is not told who calls', (prefix, name, match) => {
    const { topics } = topologyOf({ service: 'orders', prefix, answers: ['get'] });
    const answered = topics.find(({ writes }) => writes?.includes('calledBy'));
    expect(answered).toMatchObject({ topic: match === 'prefixed' ? prefix : '*', match, kind: 'inbox' });
    expect(topicsOf({ topics, groups: [] })[name]).toBe('w');
  });

  it('says of one topic all that is done with it', () => {
    const { topics } = topologyOf({ service: 'log', emits: ['said'], subscribes: ['said'] });
    expect(topics.find(({ topic }) => topic === 'said')).toMatchObject({
      reads: expect.stringContaining('handled') as string,
      writes: expect.stringContaining('emitted') as string,
      makes: true,
      grows: true,
    });
  });

  it('is plain data, which may be spread and written as JSON', () => {
    const topology = topologyOf(orders);
    expect({ ...topology }).toEqual(topology);
    expect(Object.keys(topology)).toEqual(['topics', 'groups']);
  });

  it('has a topic for each pattern where its routing has', () => {
    const topology = topologyOf({
      service: 'orders',
      routing: 'topic-per-pattern',
      answers: ['order.get'],
      calledBy: [],
      calls: [{ service: 'user', patterns: ['user.get', 'user.find'] }],
    });
    expect(Object.keys(topicsOf(topology))).toEqual([
      'orders.inbox',
      'user.get',
      'user.find',
      'user.inbox',
      'order.get',
    ]);
    expect(groupsOf(topology)).toEqual({ 'orders.calls': ['order.get'] });
  });

  it('is one of Nest’s built-in transport too, where the service is: in its group, with its replies, growing nothing', () => {
    const topology = topologyOf({ ...orders, calls: [], emits: [], nestKafka: { group: 'orders-server' } });
    expect(topicsOf(topology)).toMatchObject({
      'shop-orders.calls': 'rmg',
      'shop-order.get': 'rm',
      'shop-order.get.reply': 'wm',
      'shop-order.watch.reply': 'wm',
      'shop-user.left': 'rm',
      'shop-price': 'rm',
      'shop-user.created.orders.retry.10s': 'rwmg',
    });
    expect(groupsOf(topology)).toMatchObject({
      'orders-server': ['shop-order.get', 'shop-order.watch', 'shop-user.left', 'shop-user.created'],
      'shop-orders.calls': ['shop-orders.calls'],
      'shop-orders.events.*': ['shop-price'],
    });
    expect(groupsOf(topology)).not.toHaveProperty('shop-orders.events');
  });

  it('reads a topic for each pattern once, where callers of the built-in write to it too', () => {
    const topology = topologyOf({
      service: 'orders',
      routing: 'topic-per-pattern',
      answers: ['get'],
      calledBy: [],
      nestKafka: { group: 'orders-server', replyTopic: topic => `answers-to-${topic}` },
    });
    expect(topicsOf(topology)).toEqual({ 'orders.inbox': 'rmg', get: 'rm', 'answers-to-get': 'wm' });
    expect(groupsOf(topology)).toEqual({ 'orders-server': ['get'] });
  });

  it('reads the replies of servers of the built-in’s that it calls', () => {
    const calls = [{ service: 'user', patterns: ['user.get'], transport: 'nest-kafka' as const }];
    const topology = topologyOf({ service: 'web', calls, waitForReady: false });
    expect(topicsOf(topology)).toEqual({ 'web.inbox': 'rmg', 'user.get': 'wm', 'user.get.reply': 'rm' });
    expect(topology.groups).toEqual([]);
  });

  it('refuses a name that Kafka does not take, or that Parley keeps', () => {
    expect(() => topologyOf({ service: 'my orders' })).toThrow(/"my orders\.inbox" cannot be a Kafka topic/);
    expect(() => topologyOf({ service: 'orders', emits: ['a.dead'] })).toThrow(/ends in a suffix/);
  });
});

describe('the topology of dead letters', () => {
  it('is to read them, and to ask what was redriven', () => {
    const topology = deadLetterTopology(orders, { redrive: false });
    expect(topicsOf(topology)).toEqual({
      'shop-user.left.orders.dead': 'r',
      'shop-user.created.orders.dead': 'r',
      'shop-price.orders.dead': 'r',
    });
    expect(groupsOf(topology)).toEqual({ 'shop-orders.redrive': '?' });
  });

  it('is also to put them back, and to remember it, for whoever redrives', () => {
    const topology = deadLetterTopology(orders, { redrive: true });
    expect(topicsOf(topology)).toMatchObject({ 'shop-user.left': 'w', 'shop-user.left.orders.dead': 'r' });
    expect(groupsOf(topology)['shop-orders.redrive']).toHaveLength(3);
  });

  it('of a service that handles no event is nothing', () => {
    expect(deadLetterTopology({ service: 'web' }, { redrive: true })).toMatchObject({
      topics: [],
      groups: [],
    });
  });
});
