import type { Cluster } from '../cluster/cluster.js';
import { DriverError } from '../driver.js';
import { brokerError, NO_ERROR } from '../errors.js';
import { describeGroupRequest } from '../protocol/describe-groups.js';
import { Coordinator } from './coordinator.js';

/**
 * How many live members a group has: those that joined, and neither left nor missed their session. Rejects with a
 * DriverError where the coordinator cannot be asked.
 */
export async function countMembers(
  cluster: Cluster,
  group: string,
  requestTimeoutMs: number,
): Promise<number> {
  const coordinator = new Coordinator({ group, prompt: cluster, patient: cluster, requestTimeoutMs });
  const [described] = await coordinator.send(describeGroupRequest(group));
  const doing = `Asking who is in the group ${group}`;
  if (!described) throw new DriverError('retriable', `${doing} told nothing of it`);
  if (described.errorCode !== NO_ERROR) throw brokerError(described.errorCode, doing);
  return described.members.length;
}
