import type { Coordinator } from './coordinator.js';
import {
  brokerError,
  COORDINATOR_LOAD_IN_PROGRESS,
  COORDINATOR_NOT_AVAILABLE,
  NO_ERROR,
  NOT_COORDINATOR,
} from '../errors.js';
import type { MemberIdentity } from '../protocol/group-membership.js';
import { offsetCommitRequest, offsetFetchRequest } from '../protocol/group-offsets.js';
import type { GroupOffset } from '../protocol/group-offsets.js';

const NO_OFFSET = -1;
const ELSEWHERE = [NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS];

/** What a group has committed, at its coordinator. One try each; the next one finds a coordinator that moved. */
export class GroupOffsets {
  constructor(
    private readonly group: string,
    private readonly coordinator: Coordinator,
  ) {}

  /** Those of the partitions that have an offset. */
  async fetch(partitions: readonly { topic: string; partition: number }[]): Promise<GroupOffset[]> {
    if (partitions.length === 0) return [];
    const { errorCode, offsets } = await this.coordinator.send(offsetFetchRequest(this.group, partitions));
    const doing = `Asking for the offsets of the group ${this.group}`;
    this.refuse(errorCode, doing);
    for (const entry of offsets)
      this.refuse(entry.errorCode, `${doing} in ${entry.topic}[${entry.partition}]`);
    return offsets.filter(({ offset }) => offset !== NO_OFFSET);
  }

  private refuse(code: number, doing: string): void {
    if (code === NO_ERROR) return;
    if (ELSEWHERE.includes(code)) this.coordinator.forget();
    throw brokerError(code, doing, { needs: 'Describe' });
  }

  async commit(
    identity: MemberIdentity,
    offsets: readonly GroupOffset[],
  ): Promise<{ topic: string; partition: number; errorCode: number }[]> {
    const results = await this.coordinator.send(offsetCommitRequest(this.group, identity, offsets));
    if (results.some(({ errorCode }) => ELSEWHERE.includes(errorCode))) this.coordinator.forget();
    return results;
  }
}
