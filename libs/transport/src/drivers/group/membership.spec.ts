import { describe, expect, it } from 'vitest';
import {
  FENCED_INSTANCE_ID,
  GROUP_AUTHORIZATION_FAILED,
  ILLEGAL_GENERATION,
  MEMBER_ID_REQUIRED,
  NOT_COORDINATOR,
  REBALANCE_IN_PROGRESS,
  UNKNOWN_MEMBER_ID,
} from '../errors.js';
import { join, joined, leave, recall, refused, synced, UNJOINED } from './membership.js';

const begun = { memberId: 'm', generation: 3, leaderId: 'm' };
const stable = synced(joined(join(UNJOINED), begun));

describe('membership', () => {
  it('goes from unjoined by joining and syncing to stable', () => {
    const joining = join(UNJOINED);
    expect(joining.phase).toBe('joining');
    const syncing = joined(joining, begun);
    expect(syncing).toEqual({ phase: 'syncing', memberId: 'm', generation: 3, leads: true });
    expect(synced(syncing).phase).toBe('stable');
    expect(joined(joining, { ...begun, leaderId: 'other' }).leads).toBe(false);
  });

  it('comes again with the id that the coordinator gave it', () => {
    const { membership, verdict } = refused(join(UNJOINED), MEMBER_ID_REQUIRED, 'given');
    expect(verdict).toBe('join');
    expect(join(membership)).toMatchObject({ phase: 'joining', memberId: 'given', generation: -1 });
  });

  it('keeps its generation while it is called to join again, so that commits count until then', () => {
    const { membership, verdict } = refused(stable, REBALANCE_IN_PROGRESS);
    expect(verdict).toBe('join');
    expect(membership).toMatchObject({ phase: 'rebalancing', generation: 3 });
    expect(join(membership)).toMatchObject({ phase: 'joining', memberId: 'm', generation: 3 });
    expect(recall(stable).phase).toBe('rebalancing');
  });

  it('has lost everything when it is unknown, or a generation has passed without it', () => {
    expect(refused(stable, UNKNOWN_MEMBER_ID)).toEqual({ membership: UNJOINED, verdict: 'lost' });
    const missed = refused(stable, ILLEGAL_GENERATION);
    expect(missed.verdict).toBe('lost');
    expect(missed.membership).toMatchObject({ memberId: 'm', generation: -1, phase: 'unjoined' });
  });

  it('stays what it is when the coordinator moves or the answer says nothing of it', () => {
    expect(refused(stable, NOT_COORDINATOR)).toEqual({ membership: stable, verdict: 'find' });
    expect(refused(stable, -1)).toEqual({ membership: stable, verdict: 'retry' });
  });

  it.each([FENCED_INSTANCE_ID, GROUP_AUTHORIZATION_FAILED])('fails for good with error %i', code => {
    const { membership, verdict } = refused(stable, code);
    expect(verdict).toBe('fail');
    expect(join(membership).phase).toBe('failed');
  });

  it('joins nothing once it leaves, whatever arrives', () => {
    const leaving = leave(stable);
    expect(join(leaving)).toEqual(leaving);
    expect(joined(leaving, begun)).toEqual(leaving);
    expect(synced(leaving)).toEqual(leaving);
    expect(recall(leaving)).toEqual(leaving);
    expect(refused(leaving, REBALANCE_IN_PROGRESS).membership).toEqual(leaving);
  });

  it('takes no answer to a request that no longer counts', () => {
    expect(joined(stable, { ...begun, generation: 4 })).toEqual(stable);
    expect(synced(UNJOINED)).toEqual(UNJOINED);
    expect(recall(UNJOINED)).toEqual(UNJOINED);
  });
});
