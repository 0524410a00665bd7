import { describe, expect, it } from 'vitest';
import type { Entry } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import { auditDelivery, auditOrder } from './events.js';

const acknowledged = (n: number): Entry => ({
  is: 'acknowledged',
  at: n,
  key: 'k',
  n,
  partition: 3,
  offset: 70,
});
const handled = (n: number, at: number, service = 'a', key = 'k'): Entry => ({
  is: 'handled',
  at,
  service,
  key,
  n,
});
const journal = (process: string, ...entries: Entry[]): Journal => ({ process, entries });

describe('the audit of deliveries', () => {
  const callers = [journal('caller-1.1', acknowledged(0), acknowledged(1))];

  it('finds nothing where each service has handled each event, wherever and however often', () => {
    const servers = [
      journal('server-1.1', handled(0, 1), handled(0, 2), handled(1, 3), handled(0, 4, 'b')),
      journal('server-2.1', handled(1, 5, 'b')),
    ];
    expect(auditDelivery(callers, servers, ['a', 'b'])).toEqual([]);
  });

  it('names the event that a service has not handled', () => {
    const servers = [journal('server-1.1', handled(0, 1), handled(1, 2), handled(0, 3, 'b'))];
    expect(auditDelivery(callers, servers, ['a', 'b'])).toEqual([
      {
        rule: 'an acknowledged event is handled',
        what: 'event 1 of k (partition 3, offset 70) was never handled by b',
        process: 'caller-1.1',
        from: 1,
        until: 1,
      },
    ]);
  });

  it('asks for nothing of an event that was not acknowledged', () => {
    const refused: Entry = { is: 'refused', at: 1, key: 'k', n: 0, status: 'UNAVAILABLE', message: '' };
    expect(auditDelivery([journal('caller-1.1', refused)], [], ['a'])).toEqual([]);
  });
});

describe('the audit of order', () => {
  it('finds nothing where events are first handled in order, over processes, services and keys', () => {
    const servers = [
      journal(
        'server-1.1',
        handled(0, 10),
        handled(1, 20),
        handled(2, 60),
        handled(3, 70),
        handled(0, 80, 'b'),
      ),
      journal('server-2.1', handled(1, 30), handled(2, 40), handled(5, 50, 'a', 'other')),
    ];
    expect(auditOrder(servers)).toEqual([]);
  });

  it('leaves out events that never came', () => {
    expect(auditOrder([journal('server-1.1', handled(0, 1), handled(7, 2))])).toEqual([]);
  });

  it('finds an event that is first handled after a later one of its key', () => {
    const servers = [
      journal('server-1.1', handled(0, 10), handled(2, 20), handled(3, 40)),
      journal('server-2.1', handled(1, 30)),
    ];
    expect(auditOrder(servers)).toEqual([
      {
        rule: 'events of a key are handled in order',
        what: 'a handled event 1 of k after event 2, which server-1.1 had handled 10 ms before',
        process: 'server-2.1',
        from: 20,
        until: 30,
      },
    ]);
  });
});
