import { DriverError } from '../driver.js';
import type { CommitOffset } from '../driver.js';
import { Backoff } from '../timing/backoff.js';
import { pause } from '../timing/deadline.js';
import {
  brokerError,
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  ILLEGAL_GENERATION,
  messageOf,
  NO_ERROR,
  NOT_COORDINATOR,
  REBALANCE_IN_PROGRESS,
  UNKNOWN_MEMBER_ID,
} from '../errors.js';
import type { GroupOffsets } from './group-offsets.js';
import type { Holdings } from './holdings.js';
import type { MemberIdentity } from '../protocol/group-membership.js';

const TIMEOUT_MS = 10_000;
/** The member is between two generations, or about to learn that it was put out; or the coordinator is moving. */
const PASSING = [
  REBALANCE_IN_PROGRESS,
  ILLEGAL_GENERATION,
  UNKNOWN_MEMBER_ID,
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  NOT_COORDINATOR,
];

export interface CommitsOptions {
  group: string;
  offsets: GroupOffsets;
  held: Holdings;
  /** As whom to commit now; undefined while the member is between two generations. */
  identity: () => MemberIdentity | undefined;
  signal: AbortSignal;
}

/**
 * Commits what is held, under the member's generation, so that the broker refuses it once others may read. What a
 * rebalance refused is tried again for as long as it is held and no later commit has replaced it.
 */
export class Commits {
  constructor(private readonly options: CommitsOptions) {}

  async commit(offsets: readonly CommitOffset[]): Promise<void> {
    const { held, signal } = this.options;
    const owing = held.committing(offsets);
    const backoff = new Backoff(20, 500);
    const until = performance.now() + TIMEOUT_MS;
    for (;;) {
      const current = owing();
      if (current.length === 0 || signal.aborted) return;
      const failure = await this.attempt(current);
      if (!failure || signal.aborted) return;
      if (failure.kind === 'permanent' || performance.now() > until) {
        if (owing().length > 0) throw failure;
        return;
      }
      await pause(backoff.take(), signal);
    }
  }

  /** What kept the offsets from being committed; never permanent where another try may help. */
  private async attempt(offsets: readonly CommitOffset[]): Promise<DriverError | undefined> {
    const { group, identity } = this.options;
    const doing = `Committing for the group ${group}`;
    const member = identity();
    if (!member) return new DriverError('retriable', `${doing} waits for a rebalance to end`);
    try {
      const results = await this.options.offsets.commit(
        member,
        offsets.map(({ topic, partition, offset, metadata = '' }) => ({
          topic,
          partition,
          offset,
          metadata,
        })),
      );
      const refused = results.find(({ errorCode }) => errorCode !== NO_ERROR);
      if (!refused) return undefined;
      const { topic, partition, errorCode } = refused;
      const error = brokerError(errorCode, `${doing}: ${topic}[${partition}]`, { needs: 'Read' });
      if (!PASSING.includes(errorCode)) return error;
      return new DriverError('retriable', error.message, error.code);
    } catch (cause) {
      if (cause instanceof DriverError) return cause;
      return new DriverError('retriable', `${doing} failed: ${messageOf(cause)}`, undefined, { cause });
    }
  }
}
