/** A member of the group and what it wants to read. */
export interface GroupMember {
  memberId: string;
  topics: readonly string[];
  /** What it read until now, as `topic` to partitions. */
  owned?: Readonly<Record<string, readonly number[]>>;
}

/** Per member, per topic, the partitions it is to read. */
export type GroupAssignment = Map<string, Record<string, number[]>>;

/**
 * Deals partitions out among the members that subscribed to their topic (during a rolling deploy members differ
 * in that), evenly by topic. A member keeps what it owned as far as that leaves the shares even.
 */
export function assignPartitions(
  members: readonly GroupMember[],
  partitionsOf: ReadonlyMap<string, readonly number[]>,
): GroupAssignment {
  const assignment: GroupAssignment = new Map();
  const load = new Map<string, number>();
  for (const { memberId } of members) {
    assignment.set(memberId, {});
    load.set(memberId, 0);
  }
  for (const [topic, partitions] of partitionsOf) {
    const readers = members
      .filter(({ topics }) => topics.includes(topic))
      .toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1));
    if (readers.length > 0) dealTopic(topic, partitions, readers, { assignment, load });
  }
  return assignment;
}

function dealTopic(
  topic: string,
  partitions: readonly number[],
  readers: readonly GroupMember[],
  { assignment, load }: { assignment: GroupAssignment; load: Map<string, number> },
): void {
  const left = new Set(partitions);
  const least = Math.floor(partitions.length / readers.length);
  let extras = partitions.length % readers.length;
  const shares = new Map<string, number[]>();

  for (const { memberId, owned } of readers) {
    const kept = [...new Set(owned?.[topic])].filter(partition => left.has(partition));
    const limit = kept.length > least && extras > 0 ? least + 1 : least;
    const share = kept.slice(0, limit);
    if (share.length > least) extras--;
    for (const partition of share) left.delete(partition);
    shares.set(memberId, share);
  }
  for (const partition of left) {
    const next = readers.reduce((best, reader) => (before(reader, best) ? reader : best));
    shares.get(next.memberId)!.push(partition);
  }
  for (const [memberId, share] of shares) {
    if (share.length === 0) continue;
    assignment.get(memberId)![topic] = share.toSorted((a, b) => a - b);
    load.set(memberId, load.get(memberId)! + share.length);
  }

  function before(a: GroupMember, b: GroupMember): boolean {
    const byShare = shares.get(a.memberId)!.length - shares.get(b.memberId)!.length;
    return (byShare || load.get(a.memberId)! - load.get(b.memberId)!) < 0;
  }
}
