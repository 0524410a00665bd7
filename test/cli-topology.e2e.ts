import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Handling, ParleyServer, type ServiceDescription } from '@parley/transport';
import { execa } from 'execa';
import { Kafka, logLevel } from 'kafkajs';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Services } from './setup/services.js';

const WITHIN = { timeout: 15_000, interval: 100 };

@Controller()
class OrdersController {
  @MessagePattern('order.get')
  get(@Payload() id: number): number {
    return id;
  }

  @EventPattern<string>('user.created')
  @Handling({ retry: { attempts: 1, delaysMs: [500] } })
  created(): void {}

  @EventPattern<string>('prices.changed')
  @Handling({ broadcast: true })
  changed(): void {}
}

/** What `--json` writes, as far as it is looked at here. */
interface Service {
  service: string;
  topics: { topic: string; makes: boolean }[];
  groups: { group: string; match: string; joins?: string }[];
}

/** What is there on the cluster by now, of names that begin so. */
async function onCluster(prefix: string): Promise<{ topics: string[]; groups: string[] }> {
  const kafka = new Kafka({
    clientId: 'topology',
    brokers: inject('brokers').split(','),
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = await admin.listTopics();
    const { groups } = await admin.listGroups();
    const ours = (names: string[]) => names.filter(name => name.startsWith(prefix)).toSorted();
    return { topics: ours(topics), groups: ours(groups.map(({ groupId }) => groupId)) };
  } finally {
    await admin.disconnect();
  }
}

describe('npx parley topology', () => {
  const services = new Services();
  const { prefix } = services;
  const fleet: { prefix: string; services: Partial<ServiceDescription>[] } = {
    prefix,
    services: [
      {
        service: 'orders',
        answers: ['order.get'],
        subscribes: [
          { event: 'user.created', delaysMs: [500] },
          { event: 'prices.changed', broadcast: true },
        ],
        nestKafka: { group: `${prefix}orders-server` },
      },
      {
        service: 'shop',
        calls: ['orders', { service: 'orders', patterns: ['order.get'], transport: 'nest-kafka' }],
        emits: ['order.sent'],
      },
    ],
  };
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-fleet-'));
    file = join(folder, 'fleet.json');
    await writeFile(file, JSON.stringify(fleet));
  });
  afterAll(async () => {
    await services.stop();
    await rm(folder, { recursive: true });
  });

  /** As `npx parley` runs it: what npm has linked, on what was built. */
  const parley = (...args: string[]) =>
    execa('parley', ['topology', ...args], { preferLocal: true, reject: false, timeout: 25_000 });

  it('names the topics and groups that the services then make, and no others', async () => {
    const { stdout, stderr, exitCode } = await parley('--file', file, '--json');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const told = (JSON.parse(stdout) as { services: Service[] }).services;
    const made = told.flatMap(({ topics }) => topics.filter(({ makes }) => makes).map(({ topic }) => topic));
    const joined = told.flatMap(({ groups }) => groups.filter(({ joins }) => joins !== undefined));

    const server = (
      await services.start('orders', [OrdersController], { nestKafka: { group: `${prefix}orders-server` } })
    ).get(ParleyServer);
    await vi.waitFor(() => expect(server.health()).toMatchObject({ assigned: true, taking: true }), WITHIN);
    const shop = { from: 'shop' };
    expect(await firstValueFrom(services.client('orders', shop).send('order.get', 7))).toBe(7);
    const old = services.client('orders', { ...shop, transport: 'nest-kafka' });
    expect(await firstValueFrom(old.send('order.get', 8))).toBe('8');
    await firstValueFrom(old.emit('order.sent', 8));

    const there = await onCluster(prefix);
    expect(there.topics).toEqual([...new Set(made)].toSorted());
    const toldOf = (group: string) =>
      joined.find(({ match, group: name }) =>
        match === 'prefixed' ? group.startsWith(name) : group === name,
      );
    expect(there.groups.filter(group => !toldOf(group))).toEqual([]);
    expect(new Set(there.groups.map(group => toldOf(group)?.group)).size).toBe(joined.length);
  });

  it('is a table for people and a script for Kafka’s tool; exits 2 where it is asked wrongly', async () => {
    const { stdout, exitCode } = await parley('--file', file, '--acls');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/│ Read +│ group +│ \S+orders-server +│/);
    const script = await parley('--file', file, '--service', 'shop', '--format', 'kafka-acls');
    // A shell that only reads it finds nothing wrong with it.
    expect(await execa('sh', ['-n'], { input: script.stdout, reject: false })).toMatchObject({ exitCode: 0 });
    expect(script.stdout).toContain(`--allow-principal User:shop`);
    const wrong = await parley('--service', 'orders', '--emits', 'a b');
    expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
    expect(wrong.stderr).toContain('event pattern "');
  });
});
