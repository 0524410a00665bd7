import type { Clock } from '../clock.js';
import { ErrorCode } from '../protocol/errors.js';
import { Group } from './group.js';

export interface GroupLimits {
  /** The shortest session timeout a member may ask for, in ms. */
  readonly minSessionTimeoutMs: number;
  /** The longest. */
  readonly maxSessionTimeoutMs: number;
}

/** Groups kept before those that hold neither members nor offsets are let go. */
export const MAX_IDLE_GROUPS = 10_000;

/** All consumer groups of the cluster. Which broker answers for which group is the cluster's affair. */
export class GroupCoordinator {
  private readonly groups = new Map<string, Group>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: GroupLimits,
  ) {}

  get(groupId: string): Group | undefined {
    return this.groups.get(groupId);
  }

  all(): Group[] {
    return [...this.groups.values()];
  }

  getOrCreate(groupId: string): Group {
    let group = this.groups.get(groupId);
    if (!group) {
      if (this.groups.size >= MAX_IDLE_GROUPS) this.dropIdle();
      this.groups.set(groupId, (group = new Group(groupId, this.clock)));
    }
    return group;
  }

  acceptsSession(timeoutMs: number): boolean {
    return timeoutMs >= this.limits.minSessionTimeoutMs && timeoutMs <= this.limits.maxSessionTimeoutMs;
  }

  /** The error of deleting a group, NONE when it is gone. */
  delete(groupId: string): number {
    const group = this.groups.get(groupId);
    if (!group) return ErrorCode.GROUP_ID_NOT_FOUND;
    if (group.state !== 'Empty') return ErrorCode.NON_EMPTY_GROUP;
    group.close();
    this.groups.delete(groupId);
    return ErrorCode.NONE;
  }

  forgetTopic(topic: string): void {
    for (const group of this.groups.values()) group.offsets.forgetTopic(topic);
  }

  private dropIdle(): void {
    for (const group of this.groups.values())
      if (group.state === 'Empty' && group.offsets.isEmpty) this.delete(group.id);
  }
}
