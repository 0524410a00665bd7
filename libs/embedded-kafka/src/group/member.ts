import type { Clock } from '../clock.js';

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
  readonly protocolName: string | null;
  readonly leader: string;
  readonly memberId: string;
  /** Everybody, for the leader; nobody, for the others. */
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Buffer }[];
}

export interface SyncOutcome {
  readonly errorCode: number;
  readonly assignment: Buffer;
}

export const NO_BYTES = Buffer.alloc(0);

/** One member of a group: what it said when it joined, what it was assigned, and what it waits for. */
export class Member {
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs = 0;
  rebalanceTimeoutMs = 0;
  protocols: readonly Protocol[] = [];
  assignment = NO_BYTES;
  /** Answers the JoinGroup request that waits for the others. */
  awaitingJoin: ((outcome: JoinOutcome) => void) | undefined;
  /** Answers the SyncGroup request that waits for the leader. */
  awaitingSync: ((outcome: SyncOutcome) => void) | undefined;
  /** Whether it has asked for its assignment in this generation. */
  synced = false;
  private cancelSession: (() => void) | undefined;

  constructor(
    public id: string,
    request: JoinRequest,
    private readonly clock: Clock,
    private readonly onExpired: (member: Member) => void,
  ) {
    this.groupInstanceId = request.groupInstanceId;
    this.clientId = request.clientId;
    this.clientHost = request.clientHost;
    this.update(request);
  }

  /** Takes over what a member says when it joins again. Bytes are copied: requests are views on larger frames. */
  update(request: JoinRequest): void {
    this.sessionTimeoutMs = request.sessionTimeoutMs;
    this.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    this.protocols = request.protocols.map(({ name, metadata }) => ({
      name,
      metadata: Buffer.from(metadata),
    }));
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

  metadataFor(protocol: string | null): Buffer {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? NO_BYTES;
  }

  /** Starts the session anew: without another sign of life it expires. */
  keepAlive(): void {
    this.cancelSession?.();
    this.cancelSession = this.clock.after(this.sessionTimeoutMs, () => this.onExpired(this));
  }

  /** A member whose request the group itself holds back is alive whatever its session says. */
  holdSession(): void {
    this.cancelSession?.();
    this.cancelSession = undefined;
  }
}

/** The assignor that all members offer and most of them want; null where they have none in common. */
export function chooseProtocol(members: Iterable<Member>): string | null {
  const all = [...members];
  const common = (all[0]?.protocols ?? [])
    .map(({ name }) => name)
    .filter(name => all.every(member => member.protocols.some(protocol => protocol.name === name)));
  const votes = new Map(common.map(name => [name, 0]));
  for (const member of all) {
    const wanted = member.protocols.find(({ name }) => votes.has(name))?.name;
    if (wanted !== undefined) votes.set(wanted, (votes.get(wanted) ?? 0) + 1);
  }
  let chosen: string | null = null;
  for (const [name, count] of votes) if (chosen === null || count > (votes.get(chosen) ?? 0)) chosen = name;
  return chosen;
}
