import { expect } from 'vitest';
import type { Assignment, Driver, ReceivedRecord, SubscribeOptions, Subscription } from '../driver.js';

/** How long a rebalance may take, a first join on a real broker included. */
export const REBALANCED = { timeout: 10_000 };

/** One member of a group, with what it was told. */
export interface Member {
  subscription: Subscription;
  records: ReceivedRecord[];
  /** What it holds now of its topic, as the callbacks told, by partition; a member of several tells them apart itself. */
  held: Map<number, Assignment>;
  revoked: Assignment[];
}

export async function join(
  driver: Driver,
  options: Pick<SubscribeOptions, 'group' | 'topics'> & Partial<SubscribeOptions>,
): Promise<Member> {
  const member: Omit<Member, 'subscription'> = { records: [], held: new Map(), revoked: [] };
  const epochs = new Map<string, number>();
  const {
    onBatch = ({ records }) => void member.records.push(...records),
    onAssigned = assigned => assigned.forEach(entry => member.held.set(entry.partition, entry)),
    onRevoked = revoked => noteRevoked(member, revoked),
  } = options;
  const subscription = await driver.subscribe({
    from: 'earliest',
    ...options,
    onBatch: batch => {
      expect(epochs.get(nameOf(batch))).toBe(batch.epoch);
      onBatch(batch);
    },
    onAssigned: assigned => {
      for (const entry of assigned) epochs.set(nameOf(entry), entry.epoch);
      onAssigned(assigned);
    },
    onRevoked: revoked => {
      for (const entry of revoked) epochs.delete(nameOf(entry));
      return onRevoked(revoked);
    },
  });
  return { ...member, subscription };
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}[${partition}]`;
}

export function noteRevoked(
  { held, revoked: all }: Pick<Member, 'held' | 'revoked'>,
  revoked: readonly Assignment[],
): void {
  all.push(...revoked);
  for (const { partition } of revoked) held.delete(partition);
}
