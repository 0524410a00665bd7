import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionOf } from './connection-options.js';

const SECRET = 'hunter2-of-the-cluster';
let folder: string;

async function file(name: string, contents: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

/** What is raised, which never holds a secret. */
async function refusal(flags: object, env: Record<string, string>): Promise<string> {
  const error = await connectionOf(flags, { env }).then(
    () => undefined,
    (error: Error) => error,
  );
  expect(error?.name).toBe('UsageError');
  expect(error?.message).not.toContain(SECRET);
  return error!.message;
}

describe('the connection', () => {
  const flags = { service: 'mailer' };
  const brokers = { KAFKA_BROKERS: 'a:9092' };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is what the command line says, then the environment, then the file', async () => {
    const config = await file(
      'parley.json',
      JSON.stringify({
        service: 'file',
        prefix: 'file-',
        driver: 'platformatic',
        kafka: { brokers: 'file:9092', ssl: true },
      }),
    );
    expect(await connectionOf({ config }, { env: {} })).toEqual({
      service: 'file',
      prefix: 'file-',
      routing: 'topic-per-service',
      driver: 'platformatic',
      kafka: { brokers: 'file:9092', ssl: true },
    });
    expect(await connectionOf({ config }, { env: brokers })).toMatchObject({
      kafka: { brokers: 'a:9092', ssl: true },
    });
    const given = {
      config,
      service: 'mailer',
      prefix: '',
      brokers: 'b:9092',
      routing: 'topic-per-pattern',
    } as const;
    expect(await connectionOf(given, { env: brokers })).toMatchObject({
      service: 'mailer',
      prefix: '',
      routing: 'topic-per-pattern',
      kafka: { brokers: 'b:9092' },
    });
    expect(await connectionOf({}, { env: { PARLEY_CONFIG: config } })).toMatchObject({ service: 'file' });
  });

  it('may be told by a module, which can hold what JSON cannot', async () => {
    const config = await file(
      'parley.mjs',
      'export default { service: "mailer", kafka: { brokers: ["a:9092"], sasl: { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: "t" }) } } };',
    );
    const { kafka } = await connectionOf({ config }, { env: {} });
    expect(kafka.sasl).toMatchObject({
      mechanism: 'oauthbearer',
      oauthBearerProvider: expect.any(Function) as unknown,
    });
  });

  it('takes TLS and SASL from the environment, secrets from files too', async () => {
    const password = await file('password', `${SECRET}\n`);
    const ca = await file('ca.pem', 'a certificate');
    const env = {
      ...brokers,
      KAFKA_SSL_CA_FILE: ca,
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'operator',
    };
    const sasl = { mechanism: 'scram-sha-512', username: 'operator', password: SECRET };
    const kafka = { brokers: 'a:9092', ssl: { ca: 'a certificate' }, sasl };
    expect(await connectionOf(flags, { env: { ...env, KAFKA_SASL_PASSWORD: SECRET } })).toMatchObject({
      kafka,
    });
    expect(await connectionOf(flags, { env: { ...env, KAFKA_SASL_PASSWORD_FILE: password } })).toMatchObject({
      kafka,
    });
    expect(await connectionOf(flags, { env: { ...brokers, KAFKA_SSL: 'true' } })).toMatchObject({
      kafka: { ssl: true },
    });
    const token = { ...brokers, KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_SASL_TOKEN: SECRET };
    const { kafka: bearing } = await connectionOf(flags, { env: token });
    const provided = bearing.sasl?.mechanism === 'oauthbearer' && (await bearing.sasl.oauthBearerProvider());
    expect(provided).toEqual({ value: SECRET });
  });

  it.each<[Record<string, string>, string]>([
    [{ KAFKA_SSL: 'yes' }, 'set it to true or false'],
    [{ KAFKA_SSL_CA_FILE: '/nowhere' }, 'KAFKA_SSL_CA_FILE names a file that cannot be read'],
    [{ KAFKA_SASL_MECHANISM: 'magic' }, 'one of plain, scram-sha-256'],
    [{ KAFKA_SASL_MECHANISM: SECRET }, 'KAFKA_SASL_MECHANISM is unknown'],
    [
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'o', KAFKA_SASL_PASSWORD_FILE: SECRET },
      'KAFKA_SASL_PASSWORD_FILE names a file that cannot be read (ENOENT)',
    ],
    [{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: SECRET }, 'set KAFKA_SASL_USERNAME too'],
    [
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'o' },
      'set KAFKA_SASL_PASSWORD, or KAFKA_SASL_PASSWORD_FILE',
    ],
  ])('is refused with %j', async (env, why) => {
    expect(await refusal(flags, { ...brokers, ...env })).toContain(why);
  });

  it.each<[string, string, string]>([
    ['broken.json', `{ "kafka": { "sasl": "${SECRET}" `, 'is not JSON'],
    ['list.json', `["${SECRET}"]`, 'holds no object'],
    [
      'other.json',
      '{ "provision": {} }',
      '"provision", which is none of service, kafka, prefix, routing, driver, topics',
    ],
    ['empty.mjs', 'export const nothing = 1;', 'holds no object'],
    ['broken.mjs', 'throw new Error("not today")', 'cannot be imported: not today'],
  ])('is refused by the file %s', async (name, contents, why) => {
    const config = await file(name, contents);
    expect(await refusal({ config }, brokers)).toContain(why);
  });

  it('is refused where its file is not there', async () => {
    expect(await refusal({ config: join(folder, 'none.json') }, brokers)).toContain('cannot be read');
  });
});
