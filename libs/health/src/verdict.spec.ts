import type { ServerHealth } from '@parley/transport';
import { describe, expect, it } from 'vitest';
import { HEALTH_DEFAULTS } from './health-bounds.js';
import { livenessReasons, readinessReasons, startupReasons, type Finding } from './verdict.js';

const link: ServerHealth['link'] = {
  state: 'connected',
  instance: 'i',
  opened: true,
  inboxReading: true,
  stalled: false,
  pendingCalls: 0,
  runningCalls: 0,
  queuedRecords: 0,
  senderStuckForMs: 0,
  loops: [],
};
const healthy: ServerHealth = {
  link,
  serves: true,
  listening: true,
  draining: false,
  taking: true,
  assigned: true,
  load: 0,
  expiredCalls: 0,
  loops: [],
};

const STUCK = [{ name: 'sender to broker 1', forMs: 61_000 }];

function failing(health: ServerHealth, stuck: Finding['stuck'] = []): string[] {
  const finding: Finding = { health, stuck, lateMs: HEALTH_DEFAULTS.lateMs };
  const reasons = {
    live: livenessReasons(finding),
    ready: readinessReasons(finding),
    startup: startupReasons(health),
  };
  return Object.entries(reasons).flatMap(([name, why]) => (why.length > 0 ? [name] : []));
}

describe('probes', () => {
  it.each<[string, ServerHealth, string[]]>([
    ['a healthy server', healthy, []],
    ['Kafka away', { ...healthy, link: { ...link, state: 'disconnected' } }, ['ready']],
    ['an inbox that is not read', { ...healthy, link: { ...link, inboxReading: false } }, ['ready']],
    ['a stalled connection', { ...healthy, link: { ...link, stalled: true } }, ['ready']],
    ['a sender late by 6 s', { ...healthy, link: { ...link, senderStuckForMs: 6000 } }, ['ready']],
    [
      'a sender whose requests come back unacknowledged for 61 s',
      { ...healthy, link: { ...link, senderStuckForMs: 61_000 } },
      ['ready'],
    ],
    ['a crashed consumer', { ...healthy, crash: 'no' }, ['live', 'ready']],
    ['draining', { ...healthy, draining: true }, ['ready']],
    ['not assigned yet', { ...healthy, assigned: false }, ['ready', 'startup']],
    ['not listening yet', { ...healthy, listening: false, taking: false }, ['ready', 'startup']],
    [
      'not connected yet',
      { ...healthy, link: { ...link, state: 'connecting', opened: false } },
      ['ready', 'startup'],
    ],
    ['no handlers', { ...healthy, serves: false, listening: false, taking: false, assigned: false }, []],
  ])('%s', (_name, health, expected) => expect(failing(health)).toEqual(expected));

  it('fail, but for the start-up’s, while a loop has stopped, whatever else is well', () => {
    expect(failing(healthy, STUCK)).toEqual(['live', 'ready']);
    expect(livenessReasons({ health: healthy, stuck: STUCK })).toEqual([
      'the sender to broker 1 has not moved for 61 s',
    ]);
  });

  it('say why', () => {
    const health = {
      ...healthy,
      link: { ...link, state: 'disconnected' as const, lastError: 'ECONNREFUSED' },
    };
    expect(readinessReasons({ health, stuck: [], lateMs: 1 })).toEqual([
      'Kafka is disconnected: ECONNREFUSED',
    ]);
  });
});
