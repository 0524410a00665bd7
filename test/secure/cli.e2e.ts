import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeadLetterOffice, deadLetterTopology, topologyOf } from '@parley/transport';
import { execa } from 'execa';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { orders, OrdersController, shop } from './orders.js';
import { credentials, token } from './setup/credentials.js';
import { Journal } from './setup/journal.js';
import { Stage } from './setup/stage.js';
import { PASSWORD } from './setup/users.js';

type Environment = Record<string, string>;

const WITHIN = { timeout: 20_000, interval: 50 };
const WRONG = `${PASSWORD}-in-error`;

describe('npx parley, by TLS and SASL', () => {
  const journal = new Journal();
  const stage = new Stage(journal);
  let folder: string;
  let authority: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-cli-secure-'));
    authority = await file('ca.pem', inject('secure').ca);
    const { prefix } = stage;
    await stage.allow('orders', topologyOf(orders(prefix)));
    await stage.allow('shop', topologyOf(shop(prefix)));
    const looking = deadLetterTopology(orders(prefix), { redrive: false });
    await stage.allow('operator', looking);
    await stage.allow('half an operator', { ...looking, groups: [] });
    await stage.start([OrdersController], stage.options('orders', credentials('orders', 'plain')));
    const client = stage.client('orders', stage.options('shop', credentials('shop', 'plain')));
    await firstValueFrom(client.emit('order.created', `fail ${prefix}`));
    const office = await DeadLetterOffice.open({
      service: 'orders',
      kafka: credentials('operator', 'plain'),
      prefix,
    });
    await vi.waitFor(async () => expect((await office.list()).matched).toBe(1), WITHIN);
    await office.close();
  });
  afterAll(async () => {
    await stage.close();
    await rm(folder, { recursive: true });
    expect(journal.leaked).toEqual([]);
  });

  async function file(name: string, contents: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, contents);
    return path;
  }

  const tls = (brokers = inject('secure').sasl): Environment => ({
    KAFKA_BROKERS: brokers,
    KAFKA_SSL_CA_FILE: authority,
  });
  const plain = (password = PASSWORD, user = 'operator'): Environment => ({
    ...tls(),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: password,
  });
  const bearing = (value: string): Environment => ({
    ...tls(),
    KAFKA_SASL_MECHANISM: 'oauthbearer',
    KAFKA_SASL_TOKEN: value,
  });

  /** As an operator runs it; all that it writes goes into the journal. */
  async function dead(args: string[], env: Environment) {
    const at = ['--service', 'orders', '--prefix', stage.prefix];
    const { stdout, stderr, exitCode } = await execa('parley', ['dead', ...args, ...at], {
      env,
      preferLocal: true,
      reject: false,
      timeout: 40_000,
    });
    journal.note(stdout, stderr);
    return { stdout, stderr, exitCode };
  }

  it('lists letters by a certificate', async () => {
    const { cert, key } = inject('secure').identities['operator']!;
    const env = {
      ...tls(inject('secure').mutual),
      KAFKA_SSL_CERT_FILE: await file('cert.pem', cert),
      KAFKA_SSL_KEY_FILE: await file('key.pem', key),
    };
    expect(await dead(['list'], env)).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringContaining('TypeError: nothing can be done') as string,
    });
  });

  it.for<[string, number, () => Environment | Promise<Environment>, RegExp]>([
    ['a wrong password', 1, () => plain(WRONG), /UNAVAILABLE: .*refuses what kafka\.sasl gives for plain/],
    ['an expired token', 1, () => bearing(token('operator', -1)), /UNAVAILABLE: .*refuses the token/],
    [
      'half of the rights',
      1,
      () => bearing(token('half an operator')),
      /needs the right Describe on the group/,
    ],
    [
      'a key for its authority',
      2,
      async () => ({ ...plain(), KAFKA_SSL_CA_FILE: await file('key.pem', inject('secure').stranger.key) }),
      /kafka\.ssl: has a ca that is no certificate/,
    ],
  ])('with %s exits %d, says why, and no secret', async ([, exitCode, env, why]) => {
    const answer = await dead(['list', '--json'], await env());
    expect(answer).toMatchObject({ exitCode, stdout: '' });
    expect(answer.stderr).toMatch(why);
  });

  it('of somebody without any right says that Kafka hides what there is', async () => {
    const answer = await dead(['list'], plain(PASSWORD, 'shop'));
    expect(answer).toMatchObject({ exitCode: 0, stdout: '0 letters' });
    expect(answer.stderr).toContain('Kafka hides topics');
  });

  it('that may only look says which right a redrive lacks, and changes nothing', async () => {
    const answer = await dead(['redrive', '--no-dry-run'], plain());
    expect(answer.exitCode).toBe(1);
    expect(`${answer.stdout}${answer.stderr}`).toMatch(/needs the right (Read|Write) on the (group|topic)/);
    expect((await dead(['list', '--json'], plain())).stdout).toContain('"matched": 1');
  });
});
