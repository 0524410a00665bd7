import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../protocol/errors.js';
import { ManualClock } from '../spec/manual-clock.js';
import { Group } from './group.js';
import type { JoinOutcome, JoinRequest, SyncOutcome } from './member.js';

const SESSION = 10_000;
const REBALANCE = 60_000;

function groupWith(clock = new ManualClock()) {
  return { group: new Group('g', clock), clock };
}

function asking(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId: '',
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/host',
    sessionTimeoutMs: SESSION,
    rebalanceTimeoutMs: REBALANCE,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
    requireKnownId: false,
    ...overrides,
  };
}

function syncing({ memberId, generationId }: JoinOutcome, assignments: Record<string, string> = {}) {
  return {
    memberId,
    generationId,
    groupInstanceId: null,
    assignments: Object.entries(assignments).map(([id, assignment]) => ({
      memberId: id,
      assignment: Buffer.from(assignment),
    })),
  };
}

/** A group with two members and its generation settled: the first one leads. */
async function stable() {
  const { group, clock } = groupWith();
  const first = await group.join(asking());
  const second = group.join(asking());
  const [leader, follower] = await Promise.all([group.join(asking({ memberId: first.memberId })), second]);
  const synced = await Promise.all([
    group.sync(syncing(follower)),
    group.sync(syncing(leader, { [leader.memberId]: 'one', [follower.memberId]: 'two' })),
  ]);
  return { group, clock, leader, follower, synced };
}

const settled = async <T>(promise: Promise<T>): Promise<T | 'pending'> =>
  Promise.race([promise, new Promise<'pending'>(resolve => setImmediate(() => resolve('pending')))]);

describe('joining', () => {
  it('tells a new member its id first where the client can take that', async () => {
    const { group } = groupWith();
    const first = await group.join(asking({ requireKnownId: true }));
    expect(first).toMatchObject({
      errorCode: ErrorCode.MEMBER_ID_REQUIRED,
      memberId: expect.stringMatching(/^c-/),
    });
    const second = await group.join(asking({ requireKnownId: true, memberId: first.memberId }));
    expect(second).toMatchObject({ errorCode: 0, generationId: 1, leader: first.memberId });
    expect(second.members).toHaveLength(1);
  });

  it('forgets an id that nobody comes back with', async () => {
    const { group, clock } = groupWith();
    const { memberId } = await group.join(asking({ requireKnownId: true }));
    const other = group.join(asking());
    expect(await settled(other)).toBe('pending');
    clock.advance(SESSION);
    expect(await other).toMatchObject({ errorCode: 0, generationId: 1 });
    expect(await group.join(asking({ memberId }))).toMatchObject({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID });
  });

  it('starts a generation once everybody has joined again, and tells only the leader who is in it', async () => {
    const { leader, follower, synced } = await stable();
    expect(leader).toMatchObject({ errorCode: 0, generationId: 2, leader: leader.memberId });
    expect(leader.members.map(({ memberId }) => memberId)).toEqual([leader.memberId, follower.memberId]);
    expect(follower).toMatchObject({ generationId: 2, leader: leader.memberId, members: [] });
    expect(synced.map(({ assignment }) => String(assignment))).toEqual(['two', 'one']);
  });

  it('leaves out members that do not join again within the rebalance timeout', async () => {
    const { group, clock, leader, follower } = await stable();
    const again = group.join(asking({ memberId: leader.memberId }));
    for (let passed = 0; passed < REBALANCE; passed += SESSION / 2) {
      expect(await settled(again)).toBe('pending');
      expect(group.heartbeat(follower.memberId, null, 2)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
      clock.advance(SESSION / 2);
    }
    expect((await again).members.map(({ memberId }) => memberId)).toEqual([leader.memberId]);
    expect(group.heartbeat(follower.memberId, null, 3)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('chooses the assignor that all offer and most like best: %s, not %s', async (best, other) => {
    const { group } = groupWith();
    const offering = (...names: string[]) =>
      asking({ protocols: names.map(name => ({ name, metadata: Buffer.from(name) })) });
    const first = await group.join(offering('x', 'a', 'b'));
    const others = [group.join(offering(best, other)), group.join(offering(best, other, 'y'))];
    const chosen = await group.join({ ...offering('x', 'a', 'b'), memberId: first.memberId });
    expect(chosen.protocolName).toBe(best);
    expect(chosen.members.map(({ metadata }) => String(metadata))).toEqual([best, best, best]);
    await Promise.all(others);
  });

  it.each([
    ['no assignor in common', { protocols: [{ name: 'other', metadata: Buffer.alloc(0) }] }],
    ['another protocol type', { protocolType: 'connect' }],
    ['no assignor at all', { protocols: [] }],
  ])('refuses a member with %s', async (_, overrides) => {
    const { group } = groupWith();
    await group.join(asking());
    expect(await group.join(asking(overrides))).toMatchObject({
      errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    });
  });

  it('lets a follower that repeats itself keep its generation, and rebalances when it offers something new', async () => {
    const { group, follower } = await stable();
    const same = await group.join(asking({ memberId: follower.memberId }));
    expect(same).toMatchObject({ errorCode: 0, generationId: 2, members: [] });
    const changed = {
      memberId: follower.memberId,
      protocols: [{ name: 'range', metadata: Buffer.from('new') }],
    };
    expect(await settled(group.join(asking(changed)))).toBe('pending');
    expect(group.state).toBe('PreparingRebalance');
  });

  it('answers a join that is repeated while the first still waits', async () => {
    const { group, follower } = await stable();
    const changed = {
      memberId: follower.memberId,
      protocols: [{ name: 'range', metadata: Buffer.from('new') }],
    };
    const lost = group.join(asking(changed));
    void group.join(asking(changed));
    expect(await lost).toMatchObject({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS });
  });
});

describe('syncing', () => {
  it('waits for the leader, and starts over where the leader leaves instead', async () => {
    const { group, leader, follower } = await stable();
    const rejoined = await Promise.all([
      group.join(asking({ memberId: leader.memberId })),
      group.join(asking({ memberId: follower.memberId })),
    ]);
    const waiting = group.sync(syncing(rejoined[1]));
    expect(await settled(waiting)).toBe('pending');
    group.leave(leader.memberId, null);
    expect(await waiting).toMatchObject({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS });
  });

  it('removes a leader that only sends heartbeats, so that the others get on', async () => {
    const { group, clock, leader, follower } = await stable();
    const rejoined = await Promise.all([
      group.join(asking({ memberId: leader.memberId })),
      group.join(asking({ memberId: follower.memberId })),
    ]);
    const waiting = group.sync(syncing(rejoined[1]));
    for (let passed = 0; passed < REBALANCE; passed += SESSION / 2) {
      expect(group.heartbeat(leader.memberId, null, 3)).toBe(ErrorCode.NONE);
      clock.advance(SESSION / 2);
    }
    expect(await waiting).toMatchObject({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS });
    expect([...group.members.keys()]).toEqual([follower.memberId]);
  });

  it('gives the same assignment to a member that asks again', async () => {
    const { group, follower } = await stable();
    const again: SyncOutcome = await group.sync(syncing(follower));
    expect(String(again.assignment)).toBe('two');
  });

  it('refuses other generations', async () => {
    const { group, follower } = await stable();
    const old = { ...syncing(follower), generationId: 1 };
    expect(await group.sync(old)).toMatchObject({ errorCode: ErrorCode.ILLEGAL_GENERATION });
    expect(group.heartbeat(follower.memberId, null, 1)).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(group.commitError(follower.memberId, null, 1)).toBe(ErrorCode.ILLEGAL_GENERATION);
    expect(group.commitError(follower.memberId, null, 2)).toBe(ErrorCode.NONE);
  });
});

describe('sessions', () => {
  it('expire without a sign of life, and the others rebalance', async () => {
    const { group, clock, leader, follower } = await stable();
    clock.advance(SESSION - 1);
    expect(group.heartbeat(leader.memberId, null, 2)).toBe(ErrorCode.NONE);
    clock.advance(1);
    expect([...group.members.keys()]).toEqual([leader.memberId]);
    expect(group.heartbeat(leader.memberId, null, 2)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
    expect(group.heartbeat(follower.memberId, null, 2)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('are kept alive by commits', async () => {
    const { group, clock, follower } = await stable();
    clock.advance(SESSION - 1);
    group.commitError(follower.memberId, null, 2);
    clock.advance(SESSION - 1);
    expect(group.members.has(follower.memberId)).toBe(true);
  });

  it('leave an empty group, without a timer, when the last member is gone', async () => {
    const { group, clock } = await stable();
    clock.advance(2 * REBALANCE);
    expect(group.state).toBe('Empty');
    expect(clock.pending).toBe(0);
  });
});

describe('commits', () => {
  it('from outside are taken only while the group has no members', async () => {
    const { group } = groupWith();
    expect(group.commitError('', null, -1)).toBe(ErrorCode.NONE);
    await group.join(asking());
    expect(group.commitError('', null, -1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
  });

  it('are refused between a rebalance and the new assignments', async () => {
    const { group } = groupWith();
    const { memberId } = await group.join(asking());
    expect(group.commitError(memberId, null, 1)).toBe(ErrorCode.REBALANCE_IN_PROGRESS);
  });
});

describe('static members', () => {
  const statically = (memberId = '') => asking({ groupInstanceId: 'i', memberId, requireKnownId: true });

  async function joined() {
    const { group, clock } = groupWith();
    const member = await group.join(statically());
    await group.sync({ ...syncing(member, { [member.memberId]: 'mine' }), groupInstanceId: 'i' });
    return { group, clock, member };
  }

  it('need not be told their id first', async () => {
    const { member } = await joined();
    expect(member).toMatchObject({ errorCode: 0, generationId: 1 });
  });

  it('come back to their assignment without a rebalance, and fence whom they replace', async () => {
    const { group, member } = await joined();
    const back = await group.join(statically());
    expect(back).toMatchObject({ errorCode: 0, generationId: 1, leader: member.memberId, members: [] });
    expect(back.memberId).not.toBe(member.memberId);
    const { assignment } = await group.sync({ ...syncing(back), groupInstanceId: 'i' });
    expect(String(assignment)).toBe('mine');
    expect(group.heartbeat(member.memberId, 'i', 1)).toBe(ErrorCode.FENCED_INSTANCE_ID);
    expect(await group.join(statically(member.memberId))).toMatchObject({
      errorCode: ErrorCode.FENCED_INSTANCE_ID,
    });
  });

  it('outlive the session of whom they replaced', async () => {
    const { group, clock } = await joined();
    clock.advance(SESSION / 2);
    const back = await group.join(statically());
    clock.advance(SESSION - 1);
    expect(group.heartbeat(back.memberId, 'i', 1)).toBe(ErrorCode.NONE);
    expect([...group.members.keys()]).toEqual([back.memberId]);
  });

  it('fence whom they replace while it still waits', async () => {
    const { group, member } = await joined();
    const newcomer = group.join(asking());
    const waiting = group.join(statically(member.memberId));
    expect((await waiting).errorCode).toBe(ErrorCode.NONE);
    const again = group.join({
      ...statically(member.memberId),
      protocols: [{ name: 'range', metadata: Buffer.of(1) }],
    });
    const back = group.join(statically());
    expect(await again).toMatchObject({ errorCode: ErrorCode.FENCED_INSTANCE_ID });
    expect(await settled(back)).toBe('pending');
    const { memberId } = await newcomer;
    void group.join(asking({ memberId }));
    expect(await back).toMatchObject({ errorCode: ErrorCode.NONE });
  });

  it('leave by their instance id', async () => {
    const { group } = await joined();
    expect(group.leave('', 'unknown')).toBe(ErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.leave('', 'i')).toBe(ErrorCode.NONE);
    expect(group.state).toBe('Empty');
  });

  it('keep their place through a rebalance that they miss, until their session ends', async () => {
    const { group, clock, member } = await joined();
    const other = group.join(asking({ sessionTimeoutMs: 10 * REBALANCE, rebalanceTimeoutMs: SESSION / 4 }));
    for (let passed = 0; passed < REBALANCE; passed += SESSION / 2) {
      group.heartbeat(member.memberId, 'i', 1);
      clock.advance(SESSION / 2);
    }
    const outcome = await other;
    expect(outcome.members.map(({ groupInstanceId }) => groupInstanceId)).toEqual(['i', null]);
    expect(outcome.leader).toBe(outcome.memberId);
  });
});
