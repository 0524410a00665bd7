import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { ErrorCode } from '../protocol/errors.js';
import { GroupOffsets } from './group-offsets.js';
import { chooseProtocol, Member, NO_BYTES } from './member.js';
import type { JoinOutcome, JoinRequest, SyncOutcome } from './member.js';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export interface SyncRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  /** From the leader: who gets what. */
  readonly assignments: readonly { memberId: string; assignment: Buffer }[];
}

/**
 * A consumer group of the classic protocol. Members join; once all have, or the rebalance timeout has passed, a
 * generation begins; its leader hands out the assignments; any change of members or of what they offer starts
 * over. Requests that must wait for others are answered through promises, all of which settle.
 */
export class Group {
  state: GroupState = 'Empty';
  generationId = 0;
  protocolType: string | null = null;
  protocolName: string | null = null;
  readonly members = new Map<string, Member>();
  readonly offsets = new GroupOffsets();
  private leaderId = '';
  /** Ids given out to members that have not come back with them yet, each with what forgets it. */
  private readonly expected = new Map<string, () => void>();
  private readonly staticIds = new Map<string, string>();
  private cancelDeadline: () => void = () => {};

  constructor(
    readonly id: string,
    private readonly clock: Clock,
  ) {}

  join(request: JoinRequest): Promise<JoinOutcome> {
    const { memberId, groupInstanceId } = request;
    const refuse = (errorCode: number, id = memberId) => Promise.resolve(this.refusedJoin(errorCode, id));
    if (!this.agreesWith(request)) return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);

    if (memberId === '') {
      const known = groupInstanceId === null ? undefined : this.staticIds.get(groupInstanceId);
      const fresh = `${groupInstanceId ?? request.clientId}-${randomUUID()}`;
      if (known !== undefined) return this.replaceStatic(known, fresh, request);
      if (groupInstanceId === null && request.requireKnownId) {
        this.expect(fresh, request.sessionTimeoutMs);
        return refuse(ErrorCode.MEMBER_ID_REQUIRED, fresh);
      }
      return this.admit(fresh, request);
    }

    if (this.expected.has(memberId) && groupInstanceId === null) {
      this.stopExpecting(memberId);
      return this.admit(memberId, request);
    }
    const error = this.memberError(memberId, groupInstanceId);
    const member = this.members.get(memberId);
    if (error || !member) return refuse(error || ErrorCode.UNKNOWN_MEMBER_ID);

    const unchanged = member.offersSame(request.protocols);
    if (
      (this.state === 'Stable' && unchanged && memberId !== this.leaderId) ||
      (this.state === 'CompletingRebalance' && unchanged)
    ) {
      member.keepAlive();
      return Promise.resolve(this.joined(member));
    }
    member.update(request);
    return this.awaitOthers(member);
  }

  sync(request: SyncRequest): Promise<SyncOutcome> {
    const error = this.memberError(request.memberId, request.groupInstanceId);
    const member = this.members.get(request.memberId);
    const refuse = (code: number) => Promise.resolve(this.synced(code));
    if (error || !member) return refuse(error || ErrorCode.UNKNOWN_MEMBER_ID);
    if (request.generationId !== this.generationId) return refuse(ErrorCode.ILLEGAL_GENERATION);
    if (this.state === 'PreparingRebalance') return refuse(ErrorCode.REBALANCE_IN_PROGRESS);
    member.synced = true;
    if (this.state === 'Stable') {
      member.keepAlive();
      return refuse(ErrorCode.NONE).then(outcome => ({ ...outcome, assignment: member.assignment }));
    }
    member.awaitingSync?.(this.synced(ErrorCode.REBALANCE_IN_PROGRESS));
    member.holdSession();
    const outcome = new Promise<SyncOutcome>(resolve => (member.awaitingSync = resolve));
    if (member.id === this.leaderId) this.assign(request.assignments);
    return outcome;
  }

  heartbeat(memberId: string, groupInstanceId: string | null, generationId: number): number {
    const error = this.memberError(memberId, groupInstanceId);
    if (error) return error;
    if (generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    const member = this.members.get(memberId);
    if (member && !member.awaitingJoin && !member.awaitingSync) member.keepAlive();
    return this.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  leave(memberId: string, groupInstanceId: string | null): number {
    if (this.expected.has(memberId)) {
      this.stopExpecting(memberId);
      this.completeJoinIfAllCame();
      return ErrorCode.NONE;
    }
    const id = memberId === '' && groupInstanceId !== null ? this.staticIds.get(groupInstanceId) : memberId;
    const error = this.memberError(id ?? '', groupInstanceId);
    if (error) return error;
    const member = this.members.get(id ?? '');
    if (member) this.remove(member);
    return ErrorCode.NONE;
  }

  /** The error for a commit by this member, NONE where it may. Commits from outside any group pass -1 and ''. */
  commitError(memberId: string, groupInstanceId: string | null, generationId: number): number {
    if (generationId < 0 && memberId === '' && groupInstanceId === null)
      return this.members.size === 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    const error = this.memberError(memberId, groupInstanceId);
    if (error) return error;
    if (generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    if (this.state === 'CompletingRebalance') return ErrorCode.REBALANCE_IN_PROGRESS;
    const member = this.members.get(memberId);
    if (member && !member.awaitingJoin) member.keepAlive();
    return ErrorCode.NONE;
  }

  /** Ends an empty group. */
  die(): void {
    this.state = 'Dead';
    this.cancelDeadline();
    for (const forget of this.expected.values()) forget();
    this.expected.clear();
  }

  private agreesWith({ protocolType, protocols, memberId }: JoinRequest): boolean {
    if (protocolType === '' || protocols.length === 0) return false;
    const others = [...this.members.values()].filter(({ id }) => id !== memberId);
    if (others.length === 0) return true;
    return (
      protocolType === this.protocolType &&
      protocols.some(({ name }) =>
        others.every(other => other.protocols.some(protocol => protocol.name === name)),
      )
    );
  }

  private memberError(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const current = this.staticIds.get(groupInstanceId);
      if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (current !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  private expect(memberId: string, timeoutMs: number): void {
    const cancel = this.clock.after(timeoutMs, () => {
      this.expected.delete(memberId);
      this.completeJoinIfAllCame();
    });
    this.expected.set(memberId, cancel);
  }

  private stopExpecting(memberId: string): void {
    this.expected.get(memberId)?.();
    this.expected.delete(memberId);
  }

  private admit(id: string, request: JoinRequest): Promise<JoinOutcome> {
    const member = new Member(id, request, this.clock, expired => this.remove(expired));
    this.protocolType = request.protocolType;
    this.members.set(id, member);
    if (request.groupInstanceId !== null) this.staticIds.set(request.groupInstanceId, id);
    if (this.leaderId === '') this.leaderId = id;
    return this.awaitOthers(member);
  }

  /** A static member that comes again with no id takes its old place, and where nothing changed its old work. */
  private replaceStatic(oldId: string, newId: string, request: JoinRequest): Promise<JoinOutcome> {
    const member = this.members.get(oldId);
    if (!member) return this.admit(newId, request);
    member.awaitingJoin?.(this.refusedJoin(ErrorCode.FENCED_INSTANCE_ID, oldId));
    member.awaitingSync?.(this.synced(ErrorCode.FENCED_INSTANCE_ID));
    member.awaitingJoin = member.awaitingSync = undefined;
    this.members.delete(oldId);
    member.id = newId;
    member.update(request);
    this.members.set(newId, member);
    if (request.groupInstanceId !== null) this.staticIds.set(request.groupInstanceId, newId);
    const leaderBefore = this.leaderId;
    if (this.leaderId === oldId) this.leaderId = newId;

    if (this.state === 'Stable' && chooseProtocol(this.members.values()) === this.protocolName) {
      member.keepAlive();
      // It is told of the old leader, so that it does not hand out assignments for a generation that has them.
      return Promise.resolve({ ...this.joined(member), leader: leaderBefore, members: [] });
    }
    return this.awaitOthers(member);
  }

  private awaitOthers(member: Member): Promise<JoinOutcome> {
    member.awaitingJoin?.(this.refusedJoin(ErrorCode.REBALANCE_IN_PROGRESS, member.id));
    member.holdSession();
    const outcome = new Promise<JoinOutcome>(resolve => (member.awaitingJoin = resolve));
    if (this.state === 'PreparingRebalance') this.completeJoinIfAllCame();
    else this.prepareRebalance();
    return outcome;
  }

  private prepareRebalance(): void {
    for (const member of this.members.values()) {
      if (!member.awaitingSync) continue;
      member.awaitingSync(this.synced(ErrorCode.REBALANCE_IN_PROGRESS));
      member.awaitingSync = undefined;
      if (!member.awaitingJoin) member.keepAlive();
    }
    this.state = 'PreparingRebalance';
    this.setDeadline(() => this.completeJoin());
    this.completeJoinIfAllCame();
  }

  private setDeadline(fn: () => void): void {
    this.cancelDeadline();
    const timeouts = [...this.members.values()].map(member => member.rebalanceTimeoutMs);
    this.cancelDeadline = this.clock.after(Math.max(0, ...timeouts), fn);
  }

  private completeJoinIfAllCame(): void {
    if (this.state !== 'PreparingRebalance' || this.expected.size > 0) return;
    for (const member of this.members.values()) if (!member.awaitingJoin) return;
    this.completeJoin();
  }

  /** Begins the next generation with whoever has joined; static members that have not keep their place. */
  private completeJoin(): void {
    for (const member of this.members.values())
      if (!member.awaitingJoin && member.groupInstanceId === null) this.forget(member);
    if (this.members.size > 0 && !this.members.get(this.leaderId)?.awaitingJoin) {
      const joined = [...this.members.values()].find(member => member.awaitingJoin);
      // Only silent static members are left: their sessions decide.
      if (!joined) return this.setDeadline(() => this.completeJoin());
      this.leaderId = joined.id;
    }

    this.cancelDeadline();
    this.generationId++;
    if (this.members.size === 0) {
      this.state = 'Empty';
      this.protocolName = null;
      this.leaderId = '';
      return;
    }
    this.state = 'CompletingRebalance';
    this.protocolName = chooseProtocol(this.members.values());
    this.setDeadline(() => this.removeUnsynced());
    for (const member of this.members.values()) {
      member.synced = false;
      member.assignment = NO_BYTES;
      if (!member.awaitingJoin) continue;
      member.awaitingJoin(this.joined(member));
      member.awaitingJoin = undefined;
      member.keepAlive();
    }
  }

  private removeUnsynced(): void {
    const late = [...this.members.values()].filter(({ synced }) => !synced);
    for (const member of late) this.forget(member);
    if (late.length > 0) this.prepareRebalance();
  }

  private assign(assignments: SyncRequest['assignments']): void {
    this.cancelDeadline();
    this.state = 'Stable';
    for (const { memberId, assignment } of assignments) {
      const member = this.members.get(memberId);
      if (member) member.assignment = Buffer.from(assignment);
    }
    for (const member of this.members.values()) {
      if (!member.awaitingSync) continue;
      member.awaitingSync({ ...this.synced(ErrorCode.NONE), assignment: member.assignment });
      member.awaitingSync = undefined;
      member.keepAlive();
    }
  }

  private remove(member: Member): void {
    this.forget(member);
    if (this.state === 'PreparingRebalance') this.completeJoinIfAllCame();
    else this.prepareRebalance();
  }

  private forget(member: Member): void {
    this.members.delete(member.id);
    if (member.groupInstanceId !== null) this.staticIds.delete(member.groupInstanceId);
    member.holdSession();
    member.awaitingJoin?.(this.refusedJoin(ErrorCode.UNKNOWN_MEMBER_ID, member.id));
    member.awaitingSync?.(this.synced(ErrorCode.UNKNOWN_MEMBER_ID));
    member.awaitingJoin = member.awaitingSync = undefined;
    if (this.leaderId === member.id) this.leaderId = this.members.keys().next().value ?? '';
  }

  private joined(member: Member): JoinOutcome {
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.generationId,
      protocolName: this.protocolName,
      leader: this.leaderId,
      memberId: member.id,
      members:
        member.id === this.leaderId
          ? [...this.members.values()].map(other => ({
              memberId: other.id,
              groupInstanceId: other.groupInstanceId,
              metadata: other.metadataFor(this.protocolName),
            }))
          : [],
    };
  }

  private refusedJoin(errorCode: number, memberId: string): JoinOutcome {
    return { errorCode, generationId: -1, protocolName: null, leader: '', memberId, members: [] };
  }

  private synced(errorCode: number): SyncOutcome {
    return { errorCode, assignment: NO_BYTES };
  }
}
