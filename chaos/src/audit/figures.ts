import type { Journal } from '../journal/journal.js';
import { handlings } from './events.js';

/** How the calls of a kind ended. */
export interface KindFigures {
  calls: number;
  /** How long each took that was answered, in ms and in order. */
  answeredMs: number[];
  /** The others by their status. */
  failed: Map<string, number>;
}

export interface EventFigures {
  acknowledged: number;
  refused: Map<string, number>;
  /** By each service, once. */
  handled: number;
  /** And once more. */
  again: number;
}

/** How the calls of each kind ended that were made. */
export function callFigures(callers: readonly Journal[]): Map<string, KindFigures> {
  const kinds = new Map<string, KindFigures>();
  for (const { entries } of callers) {
    const askedAt = new Map<string, { of: KindFigures; at: number }>();
    for (const entry of entries) {
      if (entry.is === 'asked') {
        const { kind, call } = entry.question;
        const of = kinds.get(kind) ?? { calls: 0, answeredMs: [], failed: new Map() };
        of.calls += 1;
        kinds.set(kind, of);
        askedAt.set(call, { of, at: entry.at });
      }
      const asked = entry.is === 'ended' ? askedAt.get(entry.call) : undefined;
      if (entry.is !== 'ended' || !asked) continue;
      if (entry.status === undefined) asked.of.answeredMs.push(entry.at - asked.at);
      else count(asked.of.failed, entry.status);
    }
  }
  for (const { answeredMs } of kinds.values()) answeredMs.sort((a, b) => a - b);
  return kinds;
}

/** What became of the events that were emitted. */
export function eventFigures(callers: readonly Journal[], servers: readonly Journal[]): EventFigures {
  const refused = new Map<string, number>();
  let acknowledged = 0;
  for (const { entries } of callers)
    for (const entry of entries) {
      if (entry.is === 'acknowledged') acknowledged += 1;
      if (entry.is === 'refused') count(refused, entry.status);
    }
  const all = handlings(servers);
  const handled = new Set(all.map(({ service, key, n }) => `${service} ${key} ${n}`)).size;
  return { acknowledged, refused, handled, again: all.length - handled };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
