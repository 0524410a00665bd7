import { expect } from 'vitest';
import type { Assignment, Driver, ReceivedRecord, SubscribeOptions, Subscription } from '../driver.js';

/** How long a rebalance may take, a first join on a real broker included. */
export const REBALANCED = { timeout: 10_000 };

/** One member of a group, with what it was told. */
export interface Member {
  subscription: Subscription;
  records: ReceivedRecord[];
  /** What it holds now, as the callbacks told. */
  held: Map<number, Assignment>;
  revoked: Assignment[];
}

export async function join(
  driver: Driver,
  options: Pick<SubscribeOptions, 'group' | 'topics'> & Partial<SubscribeOptions>,
): Promise<Member> {
  const member: Omit<Member, 'subscription'> = { records: [], held: new Map(), revoked: [] };
  const subscription = await driver.subscribe({
    from: 'earliest',
    onBatch: ({ records, partition, epoch }) => {
      expect(member.held.get(partition)?.epoch).toBe(epoch);
      member.records.push(...records);
    },
    onAssigned: assigned => assigned.forEach(entry => member.held.set(entry.partition, entry)),
    onRevoked: revoked => noteRevoked(member, revoked),
    ...options,
  });
  return { ...member, subscription };
}

export function noteRevoked(
  { held, revoked: all }: Pick<Member, 'held' | 'revoked'>,
  revoked: readonly Assignment[],
): void {
  all.push(...revoked);
  for (const { partition } of revoked) held.delete(partition);
}
