import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin } from 'kafkajs';

/** What a rule is on, and what it allows. */
export interface Rule {
  resource: 'topic' | 'group' | 'cluster';
  name: string;
  pattern: 'literal' | 'prefixed';
  operation: 'Read' | 'Write' | 'Create' | 'Describe' | 'Alter';
}

// Node finds these by no name of their own in a CommonJS module.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const POLL_MS = 20;

/** A broker's access rules, by who they are for. */
export class Rules {
  constructor(private readonly admin: Admin) {}

  /** Resolves once the broker goes by them, which is some time after it has taken them. */
  async allow(user: string, rules: readonly Rule[]): Promise<void> {
    if (rules.length === 0) return;
    await this.admin.createAcls({ acl: rules.map(rule => ({ ...aclOf(rule), ...grantOf(user) })) });
    for (;;) {
      const known = await this.known(user);
      if (rules.every(rule => known.has(`${OPERATIONS[rule.operation]} ${rule.name}`))) return;
      await sleep(POLL_MS);
    }
  }

  private async known(user: string): Promise<Set<string>> {
    const { resources } = await this.admin.describeAcls({
      principal: `User:${user}`,
      resourceType: AclResourceTypes.ANY,
      resourcePatternType: ResourcePatternTypes.ANY,
      operation: AclOperationTypes.ANY,
      permissionType: AclPermissionTypes.ANY,
    });
    return new Set(
      resources.flatMap(({ resourceName, acls }) =>
        acls.map(({ operation }) => `${operation} ${resourceName}`),
      ),
    );
  }
}

function grantOf(user: string) {
  return { principal: `User:${user}`, host: '*', permissionType: AclPermissionTypes.ALLOW };
}

const RESOURCES = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  cluster: AclResourceTypes.CLUSTER,
};
const PATTERNS = { literal: ResourcePatternTypes.LITERAL, prefixed: ResourcePatternTypes.PREFIXED };
const OPERATIONS = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Describe: AclOperationTypes.DESCRIBE,
  Alter: AclOperationTypes.ALTER,
};

function aclOf({ resource, name, pattern, operation }: Rule) {
  return {
    resourceType: RESOURCES[resource],
    resourceName: name,
    resourcePatternType: PATTERNS[pattern],
    operation: OPERATIONS[operation],
  };
}
