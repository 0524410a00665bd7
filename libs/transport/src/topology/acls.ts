import type { ProvisionMode } from '../drivers/driver.js';
import type { GroupUse, Match, TopicUse, Topology } from './uses.js';

export type AclOperation = 'Read' | 'Write' | 'Describe' | 'Create' | 'Alter';

/** One right that a service needs: an access rule of Kafka's that allows it. */
export interface Acl {
  resource: 'topic' | 'group';
  name: string;
  match: Match;
  operation: AclOperation;
  why: string;
}

/**
 * The rights without which one of these uses fails, and no others. Read and Write imply Describe, which is listed only
 * where neither is needed. Parley asks for no right on the cluster.
 */
export function aclsOf({ topics, groups }: Topology, provision: ProvisionMode = 'create'): Acl[] {
  return [...topics.flatMap(use => ofTopic(use, provision)), ...groups.flatMap(ofGroup)];
}

function ofTopic(use: TopicUse, provision: ProvisionMode): Acl[] {
  const { topic: name, match, reads, writes, makes, grows } = use;
  const on = (operation: AclOperation, why: string): Acl => ({
    resource: 'topic',
    name,
    match,
    operation,
    why,
  });
  const acls: Acl[] = [];
  if (reads !== undefined) acls.push(on('Read', reads));
  if (writes !== undefined) acls.push(on('Write', writes));
  if (acls.length === 0 && provision !== 'none') acls.push(on('Describe', 'whether it is there'));
  if (provision !== 'create') return acls;
  if (makes) acls.push(on('Create', 'it is made where it is missing'));
  if (grows) acls.push(on('Alter', 'partitions are added where the options ask for more'));
  return acls;
}

function ofGroup({ group: name, match, joins, asks }: GroupUse): Acl[] {
  if (joins !== undefined) return [{ resource: 'group', name, match, operation: 'Read', why: joins }];
  if (asks !== undefined) return [{ resource: 'group', name, match, operation: 'Describe', why: asks }];
  return [];
}
