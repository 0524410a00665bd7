import type { LinkHealth, ServerHealth } from '@parley/transport';
import { describe, expect, it } from 'vitest';
import { linkUnderWay, serverUnderWay } from './under-way.js';

const link: LinkHealth = {
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
const server: ServerHealth = {
  link,
  serves: true,
  listening: true,
  draining: false,
  taking: true,
  assigned: true,
  load: 0,
  expiredCalls: 3,
  loops: [],
};

describe('what is under way', () => {
  it('is nothing in a process that is at rest', () => {
    expect(linkUnderWay(link)).toEqual([]);
    expect(serverUnderWay(server)).toEqual([]);
  });

  it('names what is left of a link’s work, and what is wrong with it', () => {
    const ill = {
      ...link,
      state: 'disconnected' as const,
      pendingCalls: 1,
      runningCalls: 2,
      queuedRecords: 3,
      stalled: true,
    };
    expect(linkUnderWay(ill)).toEqual([
      'pendingCalls: 1',
      'runningCalls: 2',
      'queuedRecords: 3',
      'not so: connected',
      'not so: not stalled',
    ]);
  });

  it('names what is left of a server’s, and why it gave up', () => {
    expect(serverUnderWay({ ...server, load: 4, assigned: false, crash: 'fenced' })).toEqual([
      'load: 4',
      'not so: assigned',
      'crashed: fenced',
    ]);
  });
});
