import { describe, expect, it } from 'vitest';
import { audit, type Evidence } from './audit.js';

const nothing: Evidence = {
  callers: [],
  servers: [],
  services: ['a'],
  offsets: [],
  before: new Map(),
  after: new Map(),
  crashes: [],
  underWay: [],
  undone: [],
};
const sample = { rssMb: 100, heapMb: 20, sockets: 3, handles: 4 };

describe('the audit', () => {
  it('finds nothing in nothing', () => {
    expect(audit(nothing)).toEqual([]);
  });

  it.each<[string, Partial<Evidence>]>([
    ['a call ends once', { callers: [{ process: 'c', entries: [{ is: 'ended', at: 1, call: 'c:1' }] }] }],
    [
      'an acknowledged event is handled',
      {
        callers: [
          { process: 'c', entries: [{ is: 'acknowledged', at: 1, key: 'k', n: 0, partition: 0, offset: 0 }] },
        ],
      },
    ],
    [
      'events of a key are handled in order',
      {
        servers: [
          {
            process: 's',
            entries: [1, 0].map((n, at) => ({ is: 'handled', at, service: 'a', key: 'k', n })),
          },
        ],
      },
    ],
    [
      'a committed offset does not go back',
      { offsets: [1, 0].map((offset, at) => ({ at, group: 'g', topic: 't', partition: 0, offset })) },
    ],
    [
      'nothing leaks',
      { before: new Map([['s', sample]]), after: new Map([['s', { ...sample, sockets: 100 }]]) },
    ],
    ['no process ends by itself', { crashes: ['server-1.1: out of memory'] }],
    ['every process comes to rest, and is well', { underWay: ['server-1.1: runningCalls: 1'] }],
    ['every group gets to the end of its topics', { undone: ['g t/0: 3 records'] }],
  ])('goes by the rule: %s', (rule, seen) => {
    expect(audit({ ...nothing, ...seen }).map(violation => violation.rule)).toEqual([rule]);
  });
});
