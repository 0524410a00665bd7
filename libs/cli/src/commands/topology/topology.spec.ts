import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aclsOf, topologyOf, type Acl } from '@parley/transport';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../cli.js';
import { TestTerminal } from '../../spec/test-terminal.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-topology-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, contents: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof contents === 'string' ? contents : JSON.stringify(contents));
  return path;
}

async function topology(args: string[], env: Record<string, string> = {}) {
  const terminal = new TestTerminal(env);
  const exitCode = await run(['topology', ...args], terminal);
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
}

interface Service {
  service: string;
  provision: string;
  topics: { topic: string }[];
  groups: { group: string }[];
  acls?: Acl[];
}

async function services(...args: string[]): Promise<Service[]> {
  const { exitCode, stdout, stderr } = await topology([...args, '--json']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return (JSON.parse(stdout) as { services: Service[] }).services;
}

const FLAGS = [
  ['--service', 'orders'],
  ['--prefix', 'p-'],
  ['--provision', 'verify'],
  ['--answers', 'order.get,order.watch'],
  ['--called-by', 'shop'],
  ['--calls', 'user', '--calls-pattern', 'stock:price,stock:amount', '--calls-nest', 'old:find'],
  ['--no-wait-for-ready'],
  ['--emits', 'order.created', '--emits', 'order.sent'],
  ['--subscribes', 'user.created, user.left', '--retries', 'user.created:500ms,user.created:5m'],
  ['--broadcasts', 'prices.changed', '--nest-group', 'orders-server'],
].flat();

const DESCRIPTION = {
  service: 'orders',
  prefix: 'p-',
  provision: 'verify',
  answers: ['order.get', 'order.watch'],
  calledBy: ['shop'],
  calls: [
    'user',
    { service: 'stock', patterns: ['price', 'amount'] },
    { service: 'old', patterns: ['find'], transport: 'nest-kafka' },
  ],
  waitForReady: false,
  emits: ['order.created', 'order.sent'],
  subscribes: [
    { event: 'user.created', delaysMs: [500, 300_000] },
    'user.left',
    { event: 'prices.changed', broadcast: true },
  ],
  nestKafka: { group: 'orders-server' },
} as const;

describe('parley topology', () => {
  it('says what the library says, by options and by a file alike', async () => {
    const { topics, groups } = topologyOf(DESCRIPTION);
    const expected = [
      {
        service: 'orders',
        provision: 'verify',
        topics,
        groups,
        acls: aclsOf({ topics, groups }, 'verify'),
      },
    ];
    // As JSON has it: what is undefined is not there.
    const plain: unknown = JSON.parse(JSON.stringify(expected));
    expect(await services(...FLAGS, '--acls')).toEqual(plain);
    expect(await services('--file', await file('orders.json', DESCRIPTION), '--acls')).toEqual(plain);
    const module = await file('orders.mjs', `export default ${JSON.stringify(DESCRIPTION)};`);
    expect(await services('--file', module, '--acls')).toEqual(plain);
    expect(await services(...FLAGS)).not.toHaveProperty('0.acls');
  });

  it('is a table for people, of rights too where they are asked for', async () => {
    const { exitCode, stdout, stderr } = await topology(FLAGS);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^orders\n/);
    expect(stdout).toMatch(/│ p-orders\.calls +│ calls +│ read +│ requests are there +│/);
    expect(stdout).toMatch(/│ p-orders\.events\.\* +│ join +│/);
    expect(stdout).not.toMatch(/│ +right/);
    expect((await topology([...FLAGS, '--acls'])).stdout).toMatch(/│ Read +│ topic +│ p-orders\.calls +│/);
  });

  it('of a fleet tells who calls whom by itself, unless it is told', async () => {
    const fleet = await file('fleet.json', {
      prefix: 'f-',
      services: [
        { service: 'orders', answers: ['get'] },
        { service: 'shop', calls: ['orders'], answers: ['page'], calledBy: ['crawler'] },
      ],
    });
    const [orders, shop] = await services('--file', fleet);
    expect(orders!.topics.map(({ topic }) => topic)).toEqual([
      'f-orders.inbox',
      'f-orders.calls',
      'f-shop.inbox',
    ]);
    expect(shop!.topics.map(({ topic }) => topic)).toContain('f-crawler.inbox');
    expect(await services('--file', fleet, '--service', 'shop')).toEqual([shop]);
  });

  it('gives the rights of an operator', async () => {
    const rights = async (role: string) =>
      (await services(...FLAGS, '--role', role, '--acls'))[0]!.acls!.map(
        ({ operation, name }) => `${operation} ${name}`,
      );
    expect(await rights('dead-list')).toEqual([
      'Read p-user.created.orders.dead',
      'Read p-user.left.orders.dead',
      'Read p-prices.changed.orders.dead',
      'Describe p-orders.redrive',
    ]);
    expect(await rights('dead-redrive')).toEqual(
      expect.arrayContaining(['Write p-user.left', 'Read p-orders.redrive']),
    );
  });

  it('is a script for Kafka’s own tool, with one command for rights that are alike', async () => {
    const args = ['-s', "o'brien", '--answers', 'x', '--emits', 'said', '--broadcasts', 'b'];
    const refused = await topology([...args, '--format', 'kafka-acls']);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    const { stdout } = await topology(['-s', 'orders', ...args.slice(2), '--format', 'kafka-acls'], {
      KAFKA_BROKERS: 'a:9092,b:9092',
    });
    const tool = 'kafka-acls.sh --bootstrap-server a:9092,b:9092 --add --allow-principal User:orders';
    expect(stdout.split('\n')).toEqual([
      '#!/bin/sh',
      'set -e',
      '# orders',
      `${tool} --operation Alter --operation Create --operation Read --topic orders.inbox --topic orders.calls --topic b`,
      `${tool} --operation Write --topic '*'`,
      `${tool} --operation Create --operation Write --topic said`,
      `${tool} --operation Create --operation Describe --topic b.orders.dead`,
      `${tool} --operation Read --group orders.calls`,
      `${tool} --operation Read --group orders.events. --resource-pattern-type prefixed`,
      '',
    ]);
  });

  it('names the principal as the cluster knows it', async () => {
    const principal = 'User:CN={service},O=it’s $HOME';
    const args = ['-s', 'a', '--emits', 'e', '--format', 'kafka-acls', '--principal', principal];
    const { stdout } = await topology([...args, '--command-config', 'my admin.properties'], {
      KAFKA_BROKERS: '',
    });
    expect(stdout).toContain(
      `kafka-acls.sh --bootstrap-server "\${KAFKA_BROKERS:?say where Kafka is}" --command-config 'my admin.properties'`,
    );
    expect(stdout).toContain(`--allow-principal 'User:CN=a,O=it’s $HOME' --operation`);
  });

  it('says on standard error where it is told nothing of what the service does', async () => {
    expect(await topology(['-s', 'lonely'])).toMatchObject({
      exitCode: 0,
      stderr: 'Nothing is said of what lonely does: see --help\n',
    });
  });

  it.each<[string, string[], RegExp]>([
    ['nothing', [], /say which service: --service <name>, or --file/],
    ['an impossible service', ['-s', 'my orders'], /"my orders\.inbox" cannot be a Kafka topic name/],
    ['an impossible event', ['-s', 'a', '--emits', 'a.dead'], /ends in a suffix that Parley keeps/],
    ['an unknown mode', ['-s', 'a', '--provision', 'maybe'], /Allowed choices are create, verify, none/],
    ['an unknown format', ['-s', 'a', '--format', 'xml'], /Allowed choices are table, json, kafka-acls/],
    ['two formats', ['-s', 'a', '--json', '--format', 'table'], /cannot be used with option/],
    ['half a pair', ['-s', 'a', '--calls-nest', 'old'], /name:value/],
    [
      'a delay without a unit',
      ['-s', 'a', '--subscribes', 'e', '--retries', 'e:5'],
      /Give a number and a unit/,
    ],
    ['retries of nothing', ['-s', 'a', '--retries', 'e:5s'], /"e", which --subscribes does not/],
    ['an impossible group', ['-s', 'a', '--nest-group', 'a b'], /nestKafka\.group: must be letters/],
    [
      'a principal for a table',
      ['-s', 'a', '--principal', 'User:a'],
      /--principal is for --format kafka-acls/,
    ],
    [
      'a principal of no type',
      ['-s', 'a', '--format', 'kafka-acls', '--principal', 'a'],
      /as in User:<name>/,
    ],
    [
      'an operator unnamed',
      ['-s', 'a', '--role', 'dead-list', '--format', 'kafka-acls'],
      /say who has the rights/,
    ],
    ['no file', ['-f', '/nowhere.json'], /\/nowhere\.json cannot be read/],
    ['a file and options', ['-f', 'x.json', '--answers', 'a'], /--answers is given beside --file/],
    ['a file and a switch', ['-f', 'x.json', '--no-wait-for-ready'], /--no-wait-for-ready is given beside/],
  ])('given %s exits 2, says why, and writes no result', async (_, args, why) => {
    const { exitCode, stdout, stderr } = await topology(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(why);
  });

  it.each<[string, unknown, RegExp]>([
    ['list.json', [], /holds no object: it needs one with "service", or with "services"/],
    ['none.json', { services: [] }, /services that are no list, or an empty one/],
    ['text.json', '{ "service": ', /is not JSON/],
    [
      'wrong.json',
      { services: [{ service: 'a' }, { service: 'b', answer: [] }] },
      /services\.1: .*"answer"/s,
    ],
    ['twice.json', { services: [{ service: 'a' }, { service: 'a' }] }, /two services "a"/],
    ['odd.json', { services: ['a'] }, /services\.0: /],
  ])('is refused by the file %s', async (name, contents, why) => {
    const answer = await topology(['--file', await file(name, contents)]);
    expect(answer).toMatchObject({ exitCode: 2, stdout: '' });
    expect(answer.stderr).toMatch(why);
  });

  it('tells which services a file has, where another is asked for', async () => {
    const path = await file('one.json', { service: 'a' });
    expect((await topology(['-f', path, '-s', 'b'])).stderr).toContain('has no service "b": it has a');
  });
});
