import { DriverError } from '../driver.js';
import type { Coordinator } from './coordinator.js';
import { brokerError, NO_ERROR } from '../errors.js';
import { joinGroupRequest, syncGroupRequest } from '../protocol/group-membership.js';
import type { JoinAnswer, JoinRequest, MemberIdentity, MemberShare } from '../protocol/group-membership.js';

/** An error that the coordinator answered with: the member's state decides what follows from it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly error: DriverError;

  constructor(
    readonly code: number,
    doing: string,
    /** The member id that came with it, if any. */
    readonly memberId = '',
  ) {
    const error = brokerError(code, doing);
    super(error.message);
    this.error = error;
  }
}

/** Resolves once all members have joined. Rejects with a Refusal or a DriverError, as the others here do. */
export async function exchangeJoin(
  coordinator: Coordinator,
  request: JoinRequest,
  timeoutMs: number,
): Promise<JoinAnswer> {
  const answer = await coordinator.send(joinGroupRequest(request), { timeoutMs, patiently: true });
  refuse(answer.errorCode, `Joining the group ${request.group}`, answer.memberId);
  return answer;
}

/** Resolves with this member's share once the leader has dealt them out. */
export async function exchangeSync(
  coordinator: Coordinator,
  group: string,
  sync: { identity: MemberIdentity; shares: readonly MemberShare[] },
  timeoutMs: number,
): Promise<Buffer> {
  const request = syncGroupRequest(group, sync.identity, sync.shares);
  const { errorCode, assignment } = await coordinator.send(request, { timeoutMs, patiently: true });
  refuse(errorCode, `Asking the group ${group} for a share`);
  return assignment;
}

export function refuse(errorCode: number, doing: string, memberId?: string): void {
  if (errorCode !== NO_ERROR) throw new Refusal(errorCode, doing, memberId);
}
