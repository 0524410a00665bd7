import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { assignPartitions } from './assigner.js';
import type { GroupMember } from './assigner.js';

const TOPICS = ['a', 'b', 'c'];
const members = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 })
  .chain(ids =>
    fc.tuple(
      ...ids.map(memberId =>
        fc.record({
          memberId: fc.constant(memberId),
          topics: fc.subarray(TOPICS),
          owned: fc.dictionary(fc.constantFrom(...TOPICS), fc.array(fc.nat(9), { maxLength: 10 })),
        }),
      ),
    ),
  );
const sizes = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9));

function partitionsOf(counts: readonly number[]): Map<string, number[]> {
  return new Map(
    TOPICS.map((topic, index) => [topic, Array.from({ length: counts[index] ?? 0 }, (_, n) => n)]),
  );
}

describe('assignPartitions', () => {
  test.prop([members, sizes])(
    'gives each partition to exactly one member that wants its topic',
    (group, counts) => {
      const assignment = assignPartitions(group, partitionsOf(counts));
      for (const [topic, partitions] of partitionsOf(counts)) {
        const wanted = group.some(({ topics }) => topics.includes(topic));
        const given = group.flatMap(({ memberId, topics }) => {
          const share = assignment.get(memberId)?.[topic] ?? [];
          expect(topics.includes(topic) || share.length === 0).toBe(true);
          return share;
        });
        expect(given.toSorted((a, b) => a - b)).toEqual(wanted ? partitions : []);
      }
    },
  );

  test.prop([members, sizes])('shares each topic evenly', (group, counts) => {
    const assignment = assignPartitions(group, partitionsOf(counts));
    for (const topic of TOPICS) {
      const shares = group
        .filter(({ topics }) => topics.includes(topic))
        .map(({ memberId }) => assignment.get(memberId)?.[topic]?.length ?? 0);
      if (shares.length > 0) expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }
  });

  test.prop([members, sizes])('changes nothing where nothing changed', (group, counts) => {
    const first = assignPartitions(group, partitionsOf(counts));
    const again: GroupMember[] = group.map(({ memberId, topics }) => ({
      memberId,
      topics,
      owned: first.get(memberId) ?? {},
    }));
    expect(assignPartitions(again, partitionsOf(counts))).toEqual(first);
  });

  it('takes from a member only what a new one needs', () => {
    const owned = { a: [0, 1, 2, 3] };
    const group = [
      { memberId: 'x', topics: ['a'], owned },
      { memberId: 'y', topics: ['a'] },
    ];
    const assignment = assignPartitions(group, new Map([['a', [0, 1, 2, 3]]]));
    expect(assignment.get('x')).toEqual({ a: [0, 1] });
    expect(assignment.get('y')).toEqual({ a: [2, 3] });
  });

  it('spreads topics of one partition over the members', () => {
    const group = ['x', 'y', 'z'].map(memberId => ({ memberId, topics: TOPICS }));
    const assignment = assignPartitions(group, partitionsOf([1, 1, 1]));
    expect([...assignment.values()].map(topics => Object.keys(topics).length)).toEqual([1, 1, 1]);
  });
});
