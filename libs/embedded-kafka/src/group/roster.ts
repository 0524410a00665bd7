import type { Clock } from '../clock.js';
import { ErrorCode } from '../protocol/errors.js';
import type { Member } from './member.js';

/** Who belongs to a group: its members, the instance ids of static ones, and the ids that nobody has used yet. */
export class Roster {
  readonly members = new Map<string, Member>();
  private readonly byInstance = new Map<string, string>();
  /** Ids given out to members that have not come back with them yet, each with what stops the wait. */
  private readonly expected = new Map<string, () => void>();

  constructor(private readonly clock: Clock) {}

  get awaitsNewcomers(): boolean {
    return this.expected.size > 0;
  }

  memberIdOf(groupInstanceId: string): string | undefined {
    return this.byInstance.get(groupInstanceId);
  }

  add(member: Member): void {
    this.members.set(member.id, member);
    if (member.groupInstanceId !== null) this.byInstance.set(member.groupInstanceId, member.id);
  }

  remove(member: Member): void {
    this.members.delete(member.id);
    if (member.groupInstanceId !== null) this.byInstance.delete(member.groupInstanceId);
  }

  /** Why a request by this member cannot be taken, NONE where it can. */
  errorFor(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const current = this.byInstance.get(groupInstanceId);
      if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (current !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  /** Waits for a new member to come back with the id it was given; `onMissing` where it does not in time. */
  expect(memberId: string, timeoutMs: number, onMissing: () => void): void {
    const cancel = this.clock.after(timeoutMs, () => {
      this.expected.delete(memberId);
      onMissing();
    });
    this.expected.set(memberId, cancel);
  }

  /** Whether this id was expected; it is no longer. */
  stopExpecting(memberId: string): boolean {
    this.expected.get(memberId)?.();
    return this.expected.delete(memberId);
  }

  close(): void {
    for (const cancel of this.expected.values()) cancel();
    this.expected.clear();
  }
}
