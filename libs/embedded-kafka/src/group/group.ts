import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { ErrorCode } from '../protocol/errors.js';
import { GroupOffsets } from './group-offsets.js';
import { chooseProtocol, Member, NO_ASSIGNMENT } from './member.js';
import type { JoinOutcome, JoinRequest, SyncOutcome, SyncRequest } from './member.js';
import { Roster } from './roster.js';

/** As Kafka names them. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/**
 * A consumer group of the classic protocol. Members join; once all have, or the rebalance timeout has passed, a
 * generation begins; its leader hands out the assignments; any change of members or of what they offer starts
 * over. Requests that must wait for others are answered through promises, all of which settle.
 */
export class Group {
  state: GroupState = 'Empty';
  protocolType = '';
  protocolName = '';
  readonly offsets = new GroupOffsets();
  private generationId = 0;
  private leaderId = '';
  private readonly roster: Roster;
  private cancelDeadline: () => void = () => {};

  constructor(
    readonly id: string,
    private readonly clock: Clock,
  ) {
    this.roster = new Roster(clock);
  }

  get members(): ReadonlyMap<string, Member> {
    return this.roster.members;
  }

  join(request: JoinRequest): Promise<JoinOutcome> {
    const { memberId, groupInstanceId } = request;
    if (!this.agreesWith(request)) return refusedJoin(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId);
    if (memberId === '') return this.joinAnew(request);
    if (this.roster.stopExpecting(memberId)) return this.admit(memberId, request);

    const error = this.roster.errorFor(memberId, groupInstanceId);
    const member = this.members.get(memberId);
    if (error || !member) return refusedJoin(error, memberId);
    const settled =
      this.state === 'CompletingRebalance' || (this.state === 'Stable' && memberId !== this.leaderId);
    if (settled && member.offersSame(request.protocols)) {
      member.keepAlive();
      return Promise.resolve(this.joined(member));
    }
    member.update(request);
    return this.awaitOthers(member);
  }

  sync({ memberId, groupInstanceId, generationId, assignments }: SyncRequest): Promise<SyncOutcome> {
    const error = this.roster.errorFor(memberId, groupInstanceId);
    const member = this.members.get(memberId);
    if (error || !member) return refusedSync(error);
    if (generationId !== this.generationId) return refusedSync(ErrorCode.ILLEGAL_GENERATION);
    if (this.state === 'PreparingRebalance') return refusedSync(ErrorCode.REBALANCE_IN_PROGRESS);

    member.synced = true;
    if (this.state === 'Stable') {
      member.keepAlive();
      return Promise.resolve({ errorCode: ErrorCode.NONE, assignment: member.assignment });
    }
    const outcome = member.awaitSync();
    if (memberId === this.leaderId) this.assign(assignments);
    return outcome;
  }

  /** NONE, or why the member must join again. */
  heartbeat(memberId: string, groupInstanceId: string | null, generationId: number): number {
    const error = this.roster.errorFor(memberId, groupInstanceId);
    if (error) return error;
    if (generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    this.members.get(memberId)?.keepAlive();
    return this.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  leave(memberId: string, groupInstanceId: string | null): number {
    if (this.roster.stopExpecting(memberId)) {
      this.completeJoinIfAllCame();
      return ErrorCode.NONE;
    }
    const byInstance = memberId === '' && groupInstanceId !== null;
    const id = byInstance ? (this.roster.memberIdOf(groupInstanceId) ?? '') : memberId;
    const member = this.members.get(id);
    const error = this.roster.errorFor(id, groupInstanceId);
    if (!error && member) this.remove(member);
    return error;
  }

  /** The error for a commit by this member, NONE where it may. Who belongs to no group passes '', null and -1. */
  commitError(memberId: string, groupInstanceId: string | null, generationId: number): number {
    if (generationId < 0 && memberId === '' && groupInstanceId === null)
      return this.members.size === 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    const error = this.roster.errorFor(memberId, groupInstanceId);
    if (error) return error;
    if (generationId !== this.generationId) return ErrorCode.ILLEGAL_GENERATION;
    if (this.state === 'CompletingRebalance') return ErrorCode.REBALANCE_IN_PROGRESS;
    this.members.get(memberId)?.keepAlive();
    return ErrorCode.NONE;
  }

  /** Drops every timer. Only for a group without members. */
  close(): void {
    this.cancelDeadline();
    this.roster.close();
  }

  private agreesWith({ protocolType, protocols, memberId }: JoinRequest): boolean {
    if (protocolType === '' || protocols.length === 0) return false;
    if (this.members.size === 0) return true;
    const others = [...this.members.values()].filter(({ id }) => id !== memberId);
    return (
      protocolType === this.protocolType &&
      protocols.some(({ name }) => others.every(other => other.offers(name)))
    );
  }

  private joinAnew(request: JoinRequest): Promise<JoinOutcome> {
    const { groupInstanceId, clientId, sessionTimeoutMs } = request;
    const memberId = `${groupInstanceId ?? clientId}-${randomUUID()}`;
    const known = groupInstanceId === null ? undefined : this.roster.memberIdOf(groupInstanceId);
    const predecessor = known === undefined ? undefined : this.members.get(known);
    if (predecessor) return this.replace(predecessor, memberId, request);
    if (groupInstanceId !== null || !request.requireKnownId) return this.admit(memberId, request);
    this.roster.expect(memberId, sessionTimeoutMs, () => this.completeJoinIfAllCame());
    return refusedJoin(ErrorCode.MEMBER_ID_REQUIRED, memberId);
  }

  private admit(memberId: string, request: JoinRequest): Promise<JoinOutcome> {
    const member = new Member(memberId, request, this.clock, expired => this.remove(expired));
    this.protocolType = request.protocolType;
    this.roster.add(member);
    if (this.leaderId === '') this.leaderId = memberId;
    return this.awaitOthers(member);
  }

  /** A static member that comes anew takes its old place, and where nothing changed keeps its assignment. */
  private replace(predecessor: Member, memberId: string, request: JoinRequest): Promise<JoinOutcome> {
    predecessor.dismiss(ErrorCode.FENCED_INSTANCE_ID);
    this.roster.remove(predecessor);
    const member = new Member(memberId, request, this.clock, expired => this.remove(expired));
    member.assignment = predecessor.assignment;
    member.synced = predecessor.synced;
    this.roster.add(member);
    const leaderBefore = this.leaderId;
    if (leaderBefore === predecessor.id) this.leaderId = memberId;

    if (this.state === 'Stable' && chooseProtocol(this.members.values()) === this.protocolName) {
      member.keepAlive();
      // It hears of the leader as it was: taking itself for the leader, it would hand out assignments anew.
      return Promise.resolve({ ...this.joined(member), leader: leaderBefore, members: [] });
    }
    return this.awaitOthers(member);
  }

  private awaitOthers(member: Member): Promise<JoinOutcome> {
    const outcome = member.awaitJoin();
    if (this.state === 'PreparingRebalance') this.completeJoinIfAllCame();
    else this.prepareRebalance();
    return outcome;
  }

  private prepareRebalance(): void {
    for (const member of this.members.values())
      member.answerSync({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
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
    if (this.state !== 'PreparingRebalance' || this.roster.awaitsNewcomers) return;
    for (const member of this.members.values()) if (!member.awaitsJoin) return;
    this.completeJoin();
  }

  /** Begins the next generation with whoever has joined; static members that have not keep their place. */
  private completeJoin(): void {
    for (const member of this.members.values())
      if (!member.awaitsJoin && member.groupInstanceId === null) this.forget(member);
    if (this.members.size > 0 && !this.members.get(this.leaderId)?.awaitsJoin) {
      const joined = [...this.members.values()].find(member => member.awaitsJoin);
      // Only silent static members are left: their sessions decide.
      if (!joined) return this.setDeadline(() => this.completeJoin());
      this.leaderId = joined.id;
    }

    this.cancelDeadline();
    this.generationId++;
    this.protocolName = chooseProtocol(this.members.values());
    if (this.members.size === 0) {
      this.state = 'Empty';
      return;
    }
    this.state = 'CompletingRebalance';
    this.setDeadline(() => this.removeUnsynced());
    for (const member of this.members.values()) {
      member.synced = false;
      member.assignment = NO_ASSIGNMENT;
      member.answerJoin(this.joined(member));
    }
  }

  private removeUnsynced(): void {
    const late = [...this.members.values()].filter(({ synced }) => !synced);
    for (const member of late) this.forget(member);
    if (this.state === 'CompletingRebalance') this.prepareRebalance();
  }

  private assign(assignments: SyncRequest['assignments']): void {
    this.state = 'Stable';
    for (const { memberId, assignment } of assignments) {
      const member = this.members.get(memberId);
      if (member) member.assignment = Buffer.from(assignment);
    }
    for (const member of this.members.values())
      member.answerSync({ errorCode: ErrorCode.NONE, assignment: member.assignment });
  }

  private remove(member: Member): void {
    this.forget(member);
    if (this.state === 'PreparingRebalance') this.completeJoinIfAllCame();
    else this.prepareRebalance();
  }

  private forget(member: Member): void {
    this.roster.remove(member);
    member.dismiss(ErrorCode.UNKNOWN_MEMBER_ID);
    if (this.leaderId === member.id) this.leaderId = this.members.keys().next().value ?? '';
  }

  private joined(member: Member): JoinOutcome {
    const { generationId, protocolName, leaderId } = this;
    const all = member.id === leaderId ? [...this.members.values()] : [];
    return {
      errorCode: ErrorCode.NONE,
      generationId,
      protocolName,
      leader: leaderId,
      memberId: member.id,
      members: all.map(other => ({
        memberId: other.id,
        groupInstanceId: other.groupInstanceId,
        metadata: other.metadataFor(protocolName),
      })),
    };
  }
}

function refusedJoin(errorCode: number, memberId: string): Promise<JoinOutcome> {
  return Promise.resolve({
    errorCode,
    generationId: -1,
    protocolName: '',
    leader: '',
    memberId,
    members: [],
  });
}

function refusedSync(errorCode: number): Promise<SyncOutcome> {
  return Promise.resolve({ errorCode, assignment: NO_ASSIGNMENT });
}
