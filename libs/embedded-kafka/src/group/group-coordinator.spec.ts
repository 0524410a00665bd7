import { describe, expect, it } from 'vitest';
import { ManualClock } from '../spec/manual-clock.js';
import { GroupCoordinator, MAX_IDLE_GROUPS } from './group-coordinator.js';

describe('GroupCoordinator', () => {
  it('lets go of groups without members and offsets when it has too many, and of no others', () => {
    const groups = new GroupCoordinator(new ManualClock(), {
      minSessionTimeoutMs: 1,
      maxSessionTimeoutMs: 2,
    });
    groups.getOrCreate('kept').offsets.commit('t', 0, { offset: 1, leaderEpoch: -1, metadata: '' });
    for (let count = 0; count < MAX_IDLE_GROUPS; count++) groups.getOrCreate(`idle ${count}`);
    expect(groups.all().map(({ id }) => id)).toEqual(['kept', `idle ${MAX_IDLE_GROUPS - 1}`]);
  });
});
