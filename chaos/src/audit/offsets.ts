import type { CommittedOffset } from '../cluster/group-watch.js';
import type { Violation } from './violation.js';

/** What a group has committed of a partition never went back. @param seen in order of time */
export function auditOffsets(seen: readonly CommittedOffset[]): Violation[] {
  const last = new Map<string, CommittedOffset>();
  return seen.flatMap(now => {
    const place = `${now.group} of ${now.topic}/${now.partition}`;
    const before = last.get(place);
    last.set(place, now);
    if (!before || before.offset <= now.offset) return [];
    return {
      rule: 'a committed offset does not go back',
      what: `${place} went from ${before.offset} back to ${now.offset}`,
      from: before.at,
      until: now.at,
    };
  });
}
