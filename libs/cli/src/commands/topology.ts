import { Option, type Command } from 'commander';
import { json } from '../output/json.js';
import type { Shell } from '../shell.js';
import type { Terminal } from '../terminal.js';
import { UsageError } from '../usage-error.js';
import { descriptionsOf, withDescription, type DescriptionFlags } from './topology/description-options.js';
import { kafkaAclsScript } from './topology/kafka-acls.js';
import { rightsOf, ROLES, type Role, type ServiceRights } from './topology/service-rights.js';
import { topologyTables } from './topology/topology-tables.js';

interface Flags extends DescriptionFlags {
  role: Role;
  acls?: boolean;
  json?: boolean;
  format?: 'table' | 'json' | 'kafka-acls';
  principal?: string;
  brokers?: string;
  commandConfig?: string;
}

/** `parley topology`: what services need of a cluster. Asks no broker. */
export function addTopology(program: Command, { terminal }: Shell): void {
  const command = program
    .command('topology')
    .description('Topics, groups and rights that services need, from what they do. Asks no broker.');
  withDescription(command)
    .addOption(
      new Option('--role <role>', 'whose: the service’s, or an operator’s').choices(ROLES).default('service'),
    )
    .option('--acls', 'the least rights too')
    .addOption(new Option('--json', 'for programs').conflicts('format'))
    .addOption(
      new Option('--format <format>', 'kafka-acls: a script for Kafka’s own tool').choices([
        'table',
        'json',
        'kafka-acls',
      ]),
    )
    .option('--principal <principal>', 'who has the rights of kafka-acls (default: User:{service})')
    .option('-b, --brokers <host:port,...>', 'for kafka-acls (KAFKA_BROKERS)')
    .option('--command-config <file>', 'for kafka-acls: how the tool itself connects')
    .action(async (flags: Flags) => {
      const services = (await descriptionsOf(flags)).map(description => rightsOf(description, flags.role));
      for (const { service } of services.filter(saysNothing))
        terminal.err(`Nothing is said of what ${service} does: see --help\n`);
      terminal.out(told(services, flags, terminal));
    });
}

function told(services: readonly ServiceRights[], flags: Flags, { colours, env }: Terminal): string {
  const { acls: withAcls = false, commandConfig } = flags;
  const format = flags.json ? 'json' : (flags.format ?? 'table');
  if (format === 'kafka-acls')
    return kafkaAclsScript(services, {
      // A variable that is empty says as little as one that is not there.
      brokers: flags.brokers || env['KAFKA_BROKERS'] || undefined,
      commandConfig,
      principal: principalOf(flags),
    });
  const stray = [
    flags.principal !== undefined && '--principal',
    flags.brokers !== undefined && '--brokers',
    commandConfig !== undefined && '--command-config',
  ].find(Boolean);
  if (stray) throw new UsageError(`${stray} is for --format kafka-acls`);
  if (format === 'table')
    return services.map(service => topologyTables(service, { colours, withAcls })).join('\n');
  return json({ services: services.map(({ acls, ...rest }) => ({ ...rest, ...(withAcls && { acls }) })) });
}

function principalOf({ principal, role }: Flags): string {
  if (principal === undefined && role !== 'service')
    throw new UsageError(`say who has the rights of ${role}: --principal User:<name>`);
  const given = principal ?? 'User:{service}';
  if (/^[A-Za-z]+:./.test(given)) return given;
  throw new UsageError(`--principal is ${JSON.stringify(given)}: give its type too, as in User:<name>`);
}

/** An inbox is all that it has, or not even that. */
function saysNothing({ topics }: ServiceRights): boolean {
  return topics.every(({ kind }) => kind === 'inbox');
}
