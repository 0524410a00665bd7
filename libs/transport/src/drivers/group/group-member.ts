import { DriverError } from '../driver.js';
import type { DriverEvents } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import type { Cluster } from '../cluster/cluster.js';
import type { Coordinator } from './coordinator.js';
import { pause, within } from '../timing/deadline.js';
import { asError } from '../errors.js';
import { FailureReport } from '../failure-report.js';
import { Stall } from '../stall.js';
import { GroupLeader } from './group-leader.js';
import { Heartbeats } from './heartbeats.js';
import { exchangeJoin, exchangeSync, refuse, Refusal } from './join-exchange.js';
import type { LoopHealth } from '../loop-health.js';
import { join, joined, leave, recall, refused, synced, UNJOINED } from './membership.js';
import type { Membership, Verdict } from './membership.js';
import { decodeAssignment, encodeSubscription } from '../protocol/consumer-protocol.js';
import type { TopicPartitions } from '../protocol/consumer-protocol.js';
import { heartbeatRequest, leaveGroupRequest } from '../protocol/group-membership.js';
import type { MemberIdentity } from '../protocol/group-membership.js';

const ASSIGNER = 'parley';
/** The lowest that brokers allow by default: a dead member's partitions move after it. */
const SESSION_TIMEOUT_MS = 6_000;
export const REBALANCE_TIMEOUT_MS = 10_000;
/** How late a member may hear of a rebalance, and so how long each one takes. */
const HEARTBEAT_MS = 250;
const HEARTBEAT_TIMEOUT_MS = SESSION_TIMEOUT_MS / 3;
const LEAVE_TIMEOUT_MS = 1_500;

export interface GroupMemberOptions {
  group: string;
  topics: readonly string[];
  /** The eager assigner of another client whose members share the group; undefined where there are none. */
  sharedBy: string | undefined;
  /** Names a static member, which keeps its partitions through a restart within the session time-out. */
  instanceId: string | undefined;
  coordinator: Coordinator;
  /** Asked for metadata. */
  cluster: Cluster;
  requestTimeoutMs: number;
  /** What the member reads now. */
  owned: () => TopicPartitions;
  /**
   * The member's share. Resolves with true once partitions were given up, so that the member joins again to free
   * them. `recalled` aborts when a rebalance calls, `lost` when nothing is held any more.
   */
  onShare(share: TopicPartitions, signals: { recalled: AbortSignal; lost: AbortSignal }): Promise<boolean>;
  /** The member was put out of the group: others may read all that it held. */
  onLost(): void;
  emit: <K extends keyof DriverEvents>(event: K, detail: DriverEvents[K]) => void;
}

/** Joins a group, and again whenever it must, until it is closed or refused for good. */
export class GroupMember {
  private membership: Membership = UNJOINED;
  private readonly heartbeats = new Heartbeats(HEARTBEAT_MS, () => this.beat());
  private readonly leader: GroupLeader;
  private readonly stopping = new AbortController();
  private readonly backoff = new Backoff();
  private recalled = new AbortController();
  private lost = new AbortController();
  private heardAt = 0;
  private readonly stall: Stall;
  /** Members of another client are of this generation: everybody gives all up before it joins the next. */
  private eager = false;
  private turns = 0;
  /** Until when it waits for other members. Monotonic. */
  private patientUntil = 0;
  private readonly failures: FailureReport;

  constructor(private readonly options: GroupMemberOptions) {
    const { group, emit, cluster } = options;
    this.failures = new FailureReport({ where: `group ${group}`, emit, signal: this.stopping.signal });
    this.stall = new Stall({ where: `heartbeats of the group ${group}`, emit });
    this.leader = new GroupLeader(cluster, this.failures.tellOnce);
  }

  /** Resolves once the member has joined for the first time; rejects where it is refused for good. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => void this.live(resolve).then(reject, reject));
  }

  get loop(): LoopHealth {
    const idle = this.closed || performance.now() < this.patientUntil;
    return { name: `membership of group ${this.options.group}`, turns: this.turns, idle };
  }

  /** As whom to commit; undefined where no commit would count now. */
  get identity(): MemberIdentity | undefined {
    const { phase, memberId, generation } = this.membership;
    if (phase === 'syncing' || generation < 0) return undefined;
    return { memberId, generation, instanceId: this.options.instanceId ?? null };
  }

  /** Leaves the group. A static member is not told of as gone: it may be back within its session. */
  async close(withinMs = LEAVE_TIMEOUT_MS): Promise<void> {
    const timeoutMs = Math.min(withinMs, LEAVE_TIMEOUT_MS);
    const { coordinator, group, instanceId } = this.options;
    const { memberId, phase } = this.membership;
    this.membership = leave(this.membership);
    this.stop();
    if (memberId === '' || phase === 'failed' || instanceId !== undefined) return;
    const hung = () => new DriverError('retriable', `The group ${group} was not left in time`);
    // Where it cannot be told, the group takes this member for dead once its session ends.
    await within(coordinator.send(leaveGroupRequest(group, memberId), { timeoutMs }), timeoutMs, hung).catch(
      () => {},
    );
  }

  private get closed(): boolean {
    return this.stopping.signal.aborted;
  }

  private stop(): void {
    this.stopping.abort();
    this.stall.over();
    this.heartbeats.stop();
    this.recalled.abort();
    this.lost.abort();
  }

  /** Resolves with why it is over. */
  private async live(onJoined: () => void): Promise<Error> {
    let failure: Error | undefined;
    let everJoined = false;
    while (!this.closed) {
      this.turns += 1;
      try {
        const share = await this.enter();
        if (!everJoined) onJoined();
        everJoined = true;
        await this.stay(share);
      } catch (error) {
        failure = error instanceof Refusal ? error.error : asError(error);
        const verdict = this.judge(error, everJoined);
        if (verdict !== 'join') await pause(this.backoff.take(), this.stopping.signal);
      }
    }
    return failure ?? new DriverError('retriable', `The group ${this.options.group} was left`);
  }

  /** One join and the sync that follows it. */
  private async enter(): Promise<TopicPartitions> {
    const { group, coordinator, topics, sharedBy, owned, requestTimeoutMs } = this.options;
    const instanceId = this.options.instanceId ?? null;
    const patienceMs = REBALANCE_TIMEOUT_MS + requestTimeoutMs;
    this.recalled = new AbortController();
    this.lost = new AbortController(); // heartbeats under way are of the past from here on
    this.membership = join(this.membership);
    const { generation, memberId } = this.membership;
    const request = {
      group,
      memberId,
      instanceId,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      assigners: sharedBy === undefined ? [ASSIGNER] : [ASSIGNER, sharedBy],
      metadata: encodeSubscription({ topics: [...topics], owned: owned(), generation }),
    };
    this.patientUntil = performance.now() + patienceMs;
    const answer = await exchangeJoin(coordinator, request, patienceMs);
    this.turns += 1;
    this.membership = joined(this.membership, answer);
    this.eager = answer.assigner === sharedBy;
    const shares = this.membership.leads ? await this.leader.assign(answer.members) : [];
    const identity = { memberId: answer.memberId, generation: answer.generation, instanceId };
    this.patientUntil = performance.now() + patienceMs;
    const share = await exchangeSync(coordinator, group, { identity, shares }, patienceMs);
    this.patientUntil = 0;
    this.membership = synced(this.membership);
    return this.eager ? only(topics, decodeAssignment(share)) : decodeAssignment(share);
  }

  /** Keeps the session alive and resolves when it is time to join again. */
  private async stay(share: TopicPartitions): Promise<void> {
    if (this.closed) return;
    this.heard();
    this.failures.clear();
    this.backoff.reset();
    this.heartbeats.start();
    const { signal } = this.recalled;
    const signals = { recalled: signal, lost: this.lost.signal };
    const watch = this.membership.leads
      ? setInterval(() => void this.watch(), this.leader.lookEveryMs)
      : undefined;
    try {
      const gaveUp = await this.options.onShare(share, signals);
      if (gaveUp) this.membership = recall(this.membership);
      else await aborted(signal);
      if (this.eager && !this.closed) await this.options.onShare({}, signals);
    } finally {
      clearInterval(watch);
      this.heartbeats.stop();
    }
  }

  private async beat(): Promise<void> {
    const { coordinator, group, requestTimeoutMs } = this.options;
    const { identity, lost } = this;
    this.turns += 1;
    if (!identity) return;
    try {
      const timeoutMs = Math.min(HEARTBEAT_TIMEOUT_MS, requestTimeoutMs);
      const errorCode = await coordinator.send(heartbeatRequest(group, identity), { timeoutMs });
      this.heard();
      if (lost !== this.lost || this.closed) return; // of a generation that is over
      refuse(errorCode, `A heartbeat for the group ${group}`);
    } catch (error) {
      if (lost !== this.lost || this.closed) return;
      this.judge(error, true);
      const forMs = performance.now() - this.heardAt;
      if (forMs < SESSION_TIMEOUT_MS) return;
      this.heardAt = performance.now();
      this.stall.tell(forMs);
    }
  }

  private heard(): void {
    this.heardAt = performance.now();
    this.stall.over();
  }

  /** Draws the consequences of a failure. */
  private judge(error: unknown, everJoined: boolean): Verdict {
    if (this.closed) return 'fail';
    const refusal = error instanceof Refusal ? error : undefined;
    const told = refusal?.error ?? asError(error);
    const judged = refusal ? refused(this.membership, refusal.code, refusal.memberId) : undefined;
    let verdict = judged?.verdict ?? 'retry';
    // What no retry helps is told to whoever starts the member; later on, only what a restart helps ends it.
    const isPermanent = told instanceof DriverError && told.kind === 'permanent';
    if (verdict === 'retry' && isPermanent && !(refusal && everJoined)) verdict = 'fail';
    if (judged) this.membership = judged.membership;

    if (verdict === 'fail') this.fail(this.withAdvice(told), everJoined);
    if (verdict === 'find') this.options.coordinator.forget();
    if (verdict === 'find' || verdict === 'retry') this.failures.tellOnce(told);
    if (verdict === 'lost') {
      this.lost.abort();
      this.options.onLost();
    }
    if (verdict === 'lost' || verdict === 'join') this.recalled.abort();
    return verdict;
  }

  private fail(error: Error, everJoined: boolean): void {
    this.stop();
    this.options.onLost();
    if (everJoined) this.options.emit('crashed', { error });
  }

  private withAdvice(error: Error): Error {
    const { instanceId } = this.options;
    if (!(error instanceof DriverError) || error.code !== 'FENCED_INSTANCE_ID') return error;
    const advice = `another instance has joined as ${JSON.stringify(instanceId)}: give each an instanceId of its own`;
    return new DriverError('permanent', `${error.message}: ${advice}`, error.code, { cause: error });
  }

  private async watch(): Promise<void> {
    const { recalled } = this;
    try {
      if (!(await this.leader.topicsGrew()) || recalled !== this.recalled) return;
      this.membership = recall(this.membership);
      recalled.abort();
    } catch (error) {
      this.failures.tellOnce(error);
    }
  }
}

/** Other clients deal the topics of one member out among all: what this one does not read it leaves alone. */
function only(topics: readonly string[], share: TopicPartitions): TopicPartitions {
  return Object.fromEntries(Object.entries(share).filter(([topic]) => topics.includes(topic)));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
