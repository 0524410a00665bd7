import type { Handled } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import type { Violation } from './violation.js';

/** Every event that was acknowledged was handled by each service at least once. */
export function auditDelivery(
  callers: readonly Journal[],
  servers: readonly Journal[],
  services: readonly string[],
): Violation[] {
  const handled = new Set(handlings(servers).map(({ service, key, n }) => `${service} ${key} ${n}`));
  return callers.flatMap(({ process, entries }) =>
    entries.flatMap(entry => {
      if (entry.is !== 'acknowledged') return [];
      const { at, key, n, partition, offset } = entry;
      return services
        .filter(service => !handled.has(`${service} ${key} ${n}`))
        .map(service => ({
          rule: 'an acknowledged event is handled',
          what: `event ${n} of ${key} (partition ${partition}, offset ${offset}) was never handled by ${service}`,
          process,
          from: at,
          until: at,
        }));
    }),
  );
}

/**
 * In each service the events of a key were handled in order. What is handled again, after a restart or a rebalance,
 * does not count: an event is out of order when it is first handled after one that was emitted later.
 */
export function auditOrder(servers: readonly Journal[]): Violation[] {
  const newest = new Map<string, { entry: Handled; process: string }>();
  const seen = new Set<string>();
  const violations: Violation[] = [];
  const all = servers
    .flatMap(({ process, entries }) =>
      entries.flatMap(entry => (entry.is === 'handled' ? [{ process, entry }] : [])),
    )
    .toSorted((a, b) => a.entry.at - b.entry.at);
  for (const { process, entry } of all) {
    const lane = `${entry.service} ${entry.key}`;
    const id = `${lane} ${entry.n}`;
    if (seen.has(id)) continue;
    seen.add(id);
    const last = newest.get(lane);
    if (last && last.entry.n > entry.n)
      violations.push({
        rule: 'events of a key are handled in order',
        what: `${entry.service} handled event ${entry.n} of ${entry.key} after event ${last.entry.n}, which ${last.process} had handled ${Math.round(entry.at - last.entry.at)} ms before`,
        process,
        from: last.entry.at,
        until: entry.at,
      });
    else newest.set(lane, { entry, process });
  }
  return violations;
}

export function handlings(servers: readonly Journal[]): Handled[] {
  return servers.flatMap(({ entries }) => entries.flatMap(entry => (entry.is === 'handled' ? [entry] : [])));
}
