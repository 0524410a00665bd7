import type { Clock } from '../clock.js';
import { ErrorCode } from '../protocol/errors.js';

/** One assignor that a member offers, and what the member tells it. */
export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinRequest {
  /** Empty for a member that has none yet. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly Protocol[];
  /** Whether a new member must first be told its id and come again with it: JoinGroup from version 4 on. */
  readonly requireKnownId: boolean;
}

export interface JoinOutcome {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolName: string;
  readonly leader: string;
  readonly memberId: string;
  /** Everybody, for the leader; nobody, for the others. */
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Buffer }[];
}

export interface SyncRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  /** From the leader: who gets what. */
  readonly assignments: readonly { memberId: string; assignment: Buffer }[];
}

export interface SyncOutcome {
  readonly errorCode: number;
  readonly assignment: Buffer;
}

export const NO_ASSIGNMENT = Buffer.alloc(0);

/**
 * One member of a group: what it offered when it joined, what it was assigned, and what it waits for. While the
 * group holds back its request it is alive; otherwise its session must be kept alive.
 */
export class Member {
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  rebalanceTimeoutMs = 0;
  assignment = NO_ASSIGNMENT;
  /** Whether it has asked for its assignment in this generation. */
  synced = false;
  private sessionTimeoutMs = 0;
  private protocols: readonly Protocol[] = [];
  private join: ((outcome: JoinOutcome) => void) | undefined;
  private sync: ((outcome: SyncOutcome) => void) | undefined;
  private cancelSession: () => void = () => {};

  constructor(
    readonly id: string,
    request: JoinRequest,
    private readonly clock: Clock,
    private readonly onExpired: (member: Member) => void,
  ) {
    this.groupInstanceId = request.groupInstanceId;
    this.clientId = request.clientId;
    this.clientHost = request.clientHost;
    this.update(request);
  }

  get awaitsJoin(): boolean {
    return this.join !== undefined;
  }

  /** The assignors it offers, best first. */
  get offered(): string[] {
    return this.protocols.map(({ name }) => name);
  }

  /** Takes over what it says when it joins again. Bytes are copied: requests are views on larger frames. */
  update({ sessionTimeoutMs, rebalanceTimeoutMs, protocols }: JoinRequest): void {
    this.sessionTimeoutMs = sessionTimeoutMs;
    this.rebalanceTimeoutMs = rebalanceTimeoutMs;
    this.protocols = protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
  }

  offers(protocol: string): boolean {
    return this.protocols.some(({ name }) => name === protocol);
  }

  offersSame(protocols: readonly Protocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, index) => {
        const own = this.protocols[index];
        return own?.name === name && own.metadata.equals(metadata);
      })
    );
  }

  metadataFor(protocol: string): Buffer {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? NO_ASSIGNMENT;
  }

  /** Starts the session anew: without another sign of life in time, the member expires. */
  keepAlive(): void {
    this.cancelSession();
    if (!this.join && !this.sync)
      this.cancelSession = this.clock.after(this.sessionTimeoutMs, () => this.onExpired(this));
  }

  /** Settles when the group has its next generation; a join that waited already is told to come again. */
  awaitJoin(): Promise<JoinOutcome> {
    this.join?.(this.refusal(ErrorCode.REBALANCE_IN_PROGRESS));
    this.cancelSession();
    return new Promise(resolve => (this.join = resolve));
  }

  answerJoin(outcome: JoinOutcome): void {
    const { join } = this;
    if (!join) return;
    this.join = undefined;
    join(outcome);
    this.keepAlive();
  }

  /** Settles when the leader has handed out the assignments. */
  awaitSync(): Promise<SyncOutcome> {
    this.sync?.({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS, assignment: NO_ASSIGNMENT });
    this.cancelSession();
    return new Promise(resolve => (this.sync = resolve));
  }

  answerSync(outcome: SyncOutcome): void {
    const { sync } = this;
    if (!sync) return;
    this.sync = undefined;
    sync(outcome);
    this.keepAlive();
  }

  /** Ends it: whatever it waits for gets this error, and its session no longer runs. */
  dismiss(errorCode: number): void {
    this.answerJoin(this.refusal(errorCode));
    this.answerSync({ errorCode, assignment: NO_ASSIGNMENT });
    this.cancelSession();
  }

  private refusal(errorCode: number): JoinOutcome {
    return { errorCode, generationId: -1, protocolName: '', leader: '', memberId: this.id, members: [] };
  }
}

/** The assignor that all members offer and most of them like best; empty where they have none in common. */
export function chooseProtocol(members: Iterable<Member>): string {
  const all = [...members];
  const common = (all[0]?.offered ?? []).filter(name => all.every(member => member.offers(name)));
  const votes = new Map(common.map(name => [name, 0]));
  for (const member of all) {
    const wanted = member.offered.find(name => votes.has(name));
    if (wanted !== undefined) votes.set(wanted, (votes.get(wanted) ?? 0) + 1);
  }
  let chosen = '';
  for (const [name, count] of votes) if (count > (votes.get(chosen) ?? 0)) chosen = name;
  return chosen;
}
