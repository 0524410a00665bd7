import type { DeadLetterOfficeOptions } from '@parley/transport';
import { Option, type Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { UsageError } from '../usage-error.js';
import { readConfigFile } from './config-file.js';
import { kafkaOf } from './environment.js';

/** The options of every command that asks Kafka. */
export interface ConnectionFlags {
  service?: string;
  brokers?: string;
  prefix?: string;
  routing?: 'topic-per-service' | 'topic-per-pattern';
  config?: string;
}

const SECRETS = `
TLS and SASL are never given on the command line, which other users of the machine can read, but by
  KAFKA_SSL=true, KAFKA_SSL_CA_FILE, KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE
  KAFKA_SASL_MECHANISM (plain, scram-sha-256, scram-sha-512, oauthbearer), KAFKA_SASL_USERNAME,
  KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE, KAFKA_SASL_TOKEN or KAFKA_SASL_TOKEN_FILE
or by the file of --config, under "kafka": { "ssl": ..., "sasl": ... }.`;

export function withConnection(command: Command): Command {
  return command
    .option('-s, --service <name>', 'the service whose letters they are')
    .option('-b, --brokers <host:port,...>', 'addresses of Kafka brokers (KAFKA_BROKERS)')
    .option('--prefix <text>', 'what the topics of the services begin with, as in their own options')
    .addOption(
      new Option('--routing <name>', 'as in the services’ own options').choices([
        'topic-per-service',
        'topic-per-pattern',
      ]),
    )
    .option(
      '-c, --config <file>',
      'a .json, .js or .mjs file with service, kafka, prefix, routing, driver, topics (PARLEY_CONFIG)',
    )
    .addHelpText('after', SECRETS);
}

/** What is said where: the command line before the environment, the environment before the file. */
export async function connectionOf(
  flags: ConnectionFlags,
  { env }: Pick<Terminal, 'env'>,
): Promise<DeadLetterOfficeOptions> {
  const path = flags.config ?? env['PARLEY_CONFIG'];
  const file = path ? await readConfigFile(path) : {};
  const fromEnvironment = await kafkaOf(env);
  const service = flags.service ?? file.service;
  if (!service) throw new UsageError('say whose letters: --service <name>');
  const brokers = flags.brokers ?? fromEnvironment.brokers ?? file.kafka?.brokers;
  if (brokers === undefined)
    throw new UsageError('say where Kafka is: --brokers <host:port>, or KAFKA_BROKERS');
  const { driver, topics } = file;
  return {
    service,
    kafka: { ...file.kafka, ...fromEnvironment, brokers },
    prefix: flags.prefix ?? file.prefix ?? '',
    routing: flags.routing ?? file.routing ?? 'topic-per-service',
    ...(driver !== undefined && { driver }),
    ...(topics !== undefined && { topics }),
  };
}
