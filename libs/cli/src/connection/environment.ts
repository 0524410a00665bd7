import { readFile } from 'node:fs/promises';
import type { ParleyOptions } from '@parley/transport';
import { UsageError } from '../usage-error.js';

type Kafka = Partial<ParleyOptions['kafka']>;
type Environment = Readonly<Record<string, string | undefined>>;

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const;

/** How to reach Kafka, as the environment tells it; what it does not tell is left out. Messages name no secret. */
export async function kafkaOf(env: Environment): Promise<Kafka> {
  const brokers = env['KAFKA_BROKERS'];
  const [ssl, sasl] = [await sslOf(env), await saslOf(env)];
  return { ...(brokers && { brokers }), ...(ssl && { ssl }), ...(sasl && { sasl }) };
}

async function sslOf(env: Environment): Promise<Kafka['ssl']> {
  const files = {
    ca: env['KAFKA_SSL_CA_FILE'],
    cert: env['KAFKA_SSL_CERT_FILE'],
    key: env['KAFKA_SSL_KEY_FILE'],
  };
  const read: Record<string, string> = {};
  for (const [name, path] of Object.entries(files)) {
    if (path) read[name] = await contents(path, `KAFKA_SSL_${name.toUpperCase()}_FILE`);
  }
  if (Object.keys(read).length > 0) return read;
  const asked = env['KAFKA_SSL'];
  if (asked !== undefined && !['', 'true', 'false'].includes(asked)) {
    throw new UsageError(`KAFKA_SSL is ${JSON.stringify(asked)}: set it to true or false`);
  }
  return asked === 'true' ? true : undefined;
}

async function saslOf(env: Environment): Promise<Kafka['sasl']> {
  const given = env['KAFKA_SASL_MECHANISM']?.toLowerCase();
  if (!given) return undefined;
  const mechanism = MECHANISMS.find(known => known === given);
  if (!mechanism) {
    // What it holds instead may be what belongs into another variable: a password.
    throw new UsageError(`KAFKA_SASL_MECHANISM is unknown: set it to one of ${MECHANISMS.join(', ')}`);
  }
  if (mechanism === 'oauthbearer') {
    const value = await secret(env, 'KAFKA_SASL_TOKEN');
    return { mechanism, oauthBearerProvider: async () => ({ value }) };
  }
  const username = env['KAFKA_SASL_USERNAME'];
  if (!username) throw new UsageError(`KAFKA_SASL_MECHANISM is ${mechanism}: set KAFKA_SASL_USERNAME too`);
  return { mechanism, username, password: await secret(env, 'KAFKA_SASL_PASSWORD') };
}

/** From the variable, or from the file that the variable of the same name and `_FILE` names. */
async function secret(env: Environment, name: string): Promise<string> {
  const given = env[name];
  if (given) return given;
  const path = env[`${name}_FILE`];
  if (!path) throw new UsageError(`set ${name}, or ${name}_FILE to the path of a file that holds it`);
  return (await contents(path, `${name}_FILE`)).trimEnd();
}

async function contents(path: string, variable: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // Not by its name: somebody may have put the secret itself there.
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${variable} names a file that cannot be read (${code})`);
  }
}
