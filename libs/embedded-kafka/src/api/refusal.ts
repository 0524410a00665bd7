import { ErrorCode } from '../protocol/errors.js';
import type { Operation } from '../rights.js';
import type { RequestContext } from './api.js';

/** The error of one partition before anything is done: a right that is missing, or an error that was injected. */
export function partitionRefusal(
  context: RequestContext,
  operation: Operation,
  topic: string,
  partition: number,
): number {
  const { cluster, clientId, injected } = context;
  return cluster.rights.refusal(clientId, operation, { topic }) || injected(topic, partition);
}

/**
 * The error of a request about a group, NONE where this broker is to answer it. As in Kafka, rights come before
 * everything else.
 */
export function groupRefusal(
  { cluster, clientId, nodeId }: RequestContext,
  operation: Operation,
  group: string,
): number {
  const denied = cluster.rights.refusal(clientId, operation, { group });
  if (denied) return denied;
  if (group === '') return ErrorCode.INVALID_GROUP_ID;
  return cluster.coordinatorOf(group)?.id === nodeId ? ErrorCode.NONE : ErrorCode.NOT_COORDINATOR;
}
