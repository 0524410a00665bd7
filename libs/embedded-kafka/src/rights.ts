import { ErrorCode } from './protocol/errors.js';

/** What Kafka's access rules are about. */
export type Operation =
  | 'Read'
  | 'Write'
  | 'Create'
  | 'Delete'
  | 'Alter'
  | 'Describe'
  | 'DescribeConfigs'
  | 'AlterConfigs'
  | 'IdempotentWrite';

/** What an operation is done to; the name `*` stands for every topic or group. */
export type Resource = { readonly topic: string } | { readonly group: string } | 'cluster';

/** A rule that takes a right away. */
export interface DeniedRight {
  /** Default: every operation. Nothing implies anything else: who may not describe a topic may still read it. */
  readonly operation?: Operation;
  /** Default: the cluster, every topic and every group. */
  readonly resource?: Resource;
  /** Whose right; there is no authentication here to tell principals apart by. Default: everybody's. */
  readonly clientId?: string;
}

/** Who may do what: everybody everything, but for what was denied. */
export class Rights {
  private readonly denied = new Set<DeniedRight>();

  /** Returns what gives the right back. */
  deny(right: DeniedRight): () => void {
    const own = { ...right };
    this.denied.add(own);
    return () => this.denied.delete(own);
  }

  /** The error code that Kafka refuses the operation with, NONE where it is allowed. */
  refusal(clientId: string, operation: Operation, resource: Resource): number {
    for (const right of this.denied)
      if (covers(right, clientId, operation, resource)) return codeOf(resource);
    return ErrorCode.NONE;
  }

  allows(clientId: string, operation: Operation, resource: Resource): boolean {
    return this.refusal(clientId, operation, resource) === ErrorCode.NONE;
  }
}

function covers(right: DeniedRight, clientId: string, operation: Operation, resource: Resource): boolean {
  return (
    (right.clientId ?? clientId) === clientId &&
    (right.operation ?? operation) === operation &&
    (right.resource === undefined || includes(right.resource, resource))
  );
}

function includes(denied: Resource, asked: Resource): boolean {
  if (denied === 'cluster' || asked === 'cluster') return denied === asked;
  if ('topic' in denied) return 'topic' in asked && (denied.topic === '*' || denied.topic === asked.topic);
  return 'group' in asked && (denied.group === '*' || denied.group === asked.group);
}

function codeOf(resource: Resource): number {
  if (resource === 'cluster') return ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
  return 'topic' in resource ? ErrorCode.TOPIC_AUTHORIZATION_FAILED : ErrorCode.GROUP_AUTHORIZATION_FAILED;
}
