import type { Journal } from '../journal/journal.js';
import { handlings } from './events.js';

/** How the calls of a kind ended. */
export interface KindFigures {
  calls: number;
  answered: number;
  /** By status. */
  failed: Map<string, number>;
  /** The longest that one took, in ms. */
  longestMs: number;
}

export interface Figures {
  kinds: Map<string, KindFigures>;
  events: { acknowledged: number; refused: Map<string, number>; handled: number; again: number };
}

/** How much was done, and how it ended. */
export function figures(callers: readonly Journal[], servers: readonly Journal[]): Figures {
  const kinds = new Map<string, KindFigures>();
  const refused = new Map<string, number>();
  let acknowledged = 0;
  for (const { entries } of callers) {
    const asked = new Map<string, { kind: string; at: number }>();
    for (const entry of entries) {
      if (entry.is === 'asked') {
        const { kind, call } = entry.question;
        asked.set(call, { kind, at: entry.at });
        const of = kinds.get(kind) ?? { calls: 0, answered: 0, failed: new Map(), longestMs: 0 };
        of.calls += 1;
        kinds.set(kind, of);
      }
      if (entry.is === 'acknowledged') acknowledged += 1;
      if (entry.is === 'refused') count(refused, entry.status);
      const made = entry.is === 'ended' ? asked.get(entry.call) : undefined;
      const of = made && kinds.get(made.kind);
      if (entry.is !== 'ended' || !made || !of) continue;
      of.longestMs = Math.max(of.longestMs, entry.at - made.at);
      if (entry.status === undefined) of.answered += 1;
      else count(of.failed, entry.status);
    }
  }
  const all = handlings(servers);
  const handled = new Set(all.map(({ service, key, n }) => `${service} ${key} ${n}`)).size;
  return { kinds, events: { acknowledged, refused, handled, again: all.length - handled } };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
