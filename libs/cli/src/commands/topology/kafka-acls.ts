import type { Acl } from '@parley/transport';
import { shellWord } from '../../output/shell-word.js';
import type { ServiceRights } from './service-rights.js';

export interface KafkaAclsOptions {
  /** Addresses of brokers, by comma. Undefined: the script takes KAFKA_BROKERS. */
  brokers: string | undefined;
  /** Who has the rights; `{service}` stands for the service's name. */
  principal: string;
  /** The properties file by which kafka-acls.sh itself connects. */
  commandConfig: string | undefined;
}

/** A shell script that gives the rights by Kafka's own tool. To run it twice does no harm. */
export function kafkaAclsScript(services: readonly ServiceRights[], options: KafkaAclsOptions): string {
  const { brokers, principal, commandConfig } = options;
  const tool = [
    'kafka-acls.sh --bootstrap-server',
    brokers === undefined ? '"${KAFKA_BROKERS:?say where Kafka is}"' : shellWord(brokers),
    ...(commandConfig === undefined ? [] : ['--command-config', shellWord(commandConfig)]),
  ].join(' ');
  const commands = services.flatMap(({ service, acls }) => {
    // A function, since a service's name may hold what `replace` takes for a pattern.
    const who = shellWord(principal.replaceAll('{service}', () => service));
    return [
      `# ${service}`,
      ...alike(acls).map(some => `${tool} --add --allow-principal ${who} ${words(some)}`),
    ];
  });
  return ['#!/bin/sh', 'set -e', ...commands, ''].join('\n');
}

/** Rights that one command can give: the same operations, on names of one kind. */
function alike(acls: readonly Acl[]): Acl[][] {
  const byName = new Map<string, Acl[]>();
  for (const acl of acls) add(byName, `${acl.resource} ${acl.match} ${acl.name}`, acl);
  const byKind = new Map<string, Acl[]>();
  for (const some of byName.values()) {
    const { resource, match } = some[0]!;
    const kind = `${resource} ${match} ${operationsOf(some).join()}`;
    for (const acl of some) add(byKind, kind, acl);
  }
  return [...byKind.values()];
}

function words(acls: readonly Acl[]): string {
  const { resource, match } = acls[0]!;
  const names = new Set(acls.map(({ name }) => name));
  return [
    ...operationsOf(acls).map(operation => `--operation ${operation}`),
    ...[...names].map(name => `--${resource} ${shellWord(name)}`),
    ...(match === 'prefixed' ? ['--resource-pattern-type prefixed'] : []),
  ].join(' ');
}

function operationsOf(acls: readonly Acl[]): string[] {
  return [...new Set(acls.map(({ operation }) => operation))].toSorted();
}

function add(groups: Map<string, Acl[]>, key: string, acl: Acl): void {
  const group = groups.get(key);
  if (group) group.push(acl);
  else groups.set(key, [acl]);
}
