import type { ServerHealth } from '@parley/transport';
import { describe, expect, it } from 'vitest';
import { livenessReasons, readinessReasons, startupReasons } from './verdict.js';

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
};

function failing(health: ServerHealth): string[] {
  const probes = { live: livenessReasons, ready: readinessReasons, startup: startupReasons };
  return Object.entries(probes).flatMap(([name, reasons]) => (reasons(health).length > 0 ? [name] : []));
}

describe('probes', () => {
  it.each<[string, ServerHealth, string[]]>([
    ['a healthy server', healthy, []],
    ['Kafka away', { ...healthy, link: { ...link, state: 'disconnected' } }, ['ready']],
    ['an inbox that is not read', { ...healthy, link: { ...link, inboxReading: false } }, ['ready']],
    ['a stalled connection', { ...healthy, link: { ...link, stalled: true } }, ['ready']],
    ['a sender late by 6 s', { ...healthy, link: { ...link, senderStuckForMs: 6000 } }, ['ready']],
    [
      'a sender stuck for 61 s',
      { ...healthy, link: { ...link, senderStuckForMs: 61_000 } },
      ['live', 'ready'],
    ],
    [
      'a sender stuck because Kafka is away',
      { ...healthy, link: { ...link, state: 'disconnected', senderStuckForMs: 61_000 } },
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

  it('say why', () => {
    expect(
      readinessReasons({ ...healthy, link: { ...link, state: 'disconnected', lastError: 'ECONNREFUSED' } }),
    ).toEqual(['Kafka is disconnected: ECONNREFUSED']);
  });
});
