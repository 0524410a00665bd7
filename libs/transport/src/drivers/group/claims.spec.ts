import { describe, expect, it } from 'vitest';
import { assignPartitions } from './assigner.js';
import type { GroupMember } from './assigner.js';
import { claimsOf, withhold } from './claims.js';

const topics = ['t'];

describe('claims', () => {
  it('go to the later generation where two members have one', () => {
    const [away, reader] = claimsOf([
      { memberId: 'a', topics, owned: { t: [0, 1] }, generation: 3 },
      { memberId: 'b', topics, owned: { t: [1, 2] }, generation: 5 },
    ]);
    expect(away?.owned).toEqual({ t: [0] });
    expect(reader?.owned).toEqual({ t: [1, 2] });
  });

  it('keep a partition from its new reader until the old one has given it up', () => {
    const partitionsOf = new Map([['t', [0, 1, 2, 3]]]);
    const before: GroupMember[] = [
      { memberId: 'a', topics, owned: { t: [0, 1, 2, 3] } },
      { memberId: 'b', topics, owned: {} },
    ];
    const first = withhold(assignPartitions(before, partitionsOf), before);
    expect(Object.fromEntries(first)).toEqual({ a: { t: [0, 1] }, b: {} });
    const after: GroupMember[] = [
      { memberId: 'a', topics, owned: { t: [0, 1] } },
      { memberId: 'b', topics, owned: {} },
    ];
    const second = withhold(assignPartitions(after, partitionsOf), after);
    expect(Object.fromEntries(second)).toEqual({ a: { t: [0, 1] }, b: { t: [2, 3] } });
  });

  it('of members that are gone hold nothing back', () => {
    const left = [{ memberId: 'b', topics, owned: { t: [2] } }];
    const dealt = withhold(assignPartitions(left, new Map([['t', [0, 1, 2]]])), left);
    expect(dealt.get('b')).toEqual({ t: [0, 1, 2] });
  });
});
