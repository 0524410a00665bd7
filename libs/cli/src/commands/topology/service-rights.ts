import {
  aclsOf,
  deadLetterTopology,
  topologyOf,
  type Acl,
  type ServiceDescription,
  type Topology,
} from '@parley/transport';

/** Who is told of: the service itself, or whoever looks at its dead letters, or redrives them. */
export const ROLES = ['service', 'dead-list', 'dead-redrive'] as const;
export type Role = (typeof ROLES)[number];

/** What one service needs of a cluster. */
export interface ServiceRights extends Topology {
  service: string;
  /** Whether it makes what is missing, as its options have it. */
  provision: NonNullable<ServiceDescription['provision']>;
  acls: readonly Acl[];
}

export function rightsOf(description: ServiceDescription, role: Role): ServiceRights {
  const { service } = description;
  // Who looks at letters makes nothing.
  const provision = role === 'service' ? (description.provision ?? 'create') : 'none';
  const topology =
    role === 'service'
      ? topologyOf(description)
      : deadLetterTopology(description, { redrive: role === 'dead-redrive' });
  const { topics, groups } = topology;
  return { service, provision, topics, groups, acls: aclsOf(topology, provision) };
}
