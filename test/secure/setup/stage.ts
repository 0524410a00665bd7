import { randomBytes } from 'node:crypto';
import { Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Rules, type Rule } from '@parley/tools/kafka/secured';
import {
  aclsOf,
  ParleyClient,
  ParleyServer,
  type Acl,
  type ParleyClientOptions,
  type ParleyOptions,
  type Topology,
} from '@parley/transport';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { inject } from 'vitest';
import type { Journal } from './journal.js';

type Extra = Partial<Omit<ParleyOptions, 'service'>>;

/** Services on topics of their own, and the rights that they have. Keeps what comes to light. */
export class Stage {
  readonly prefix = `t${randomBytes(4).toString('hex')}-`;
  readonly admin: Admin;
  private readonly rules: Rules;
  private readonly running: { close(): Promise<unknown> }[] = [];

  /** Nest has one logger for all: stages that run side by side share a journal. */
  constructor(readonly journal: Journal) {
    const { bootstrap } = inject('secure');
    this.admin = new Kafka({ clientId: 'stage', brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin();
    this.rules = new Rules(this.admin);
  }

  /** Where everything is allowed. */
  get anybody(): ParleyOptions['kafka'] {
    return { brokers: inject('secure').bootstrap };
  }

  options(service: string, kafka: ParleyOptions['kafka'], extra: Extra = {}): ParleyOptions {
    return {
      service,
      kafka,
      prefix: this.prefix,
      topics: { calls: { partitions: 2 }, inbox: { partitions: 2 }, events: { partitions: 2 } },
      drainTimeoutMs: 1_000,
      ...extra,
    };
  }

  /** Makes a topic that is there before its services. */
  async make(topic: string, partitions: number): Promise<void> {
    const topics = [{ topic, numPartitions: partitions }];
    await this.admin.createTopics({ topics, waitForLeaders: false });
  }

  /** Gives a user all the rights that the topology takes, but those left out; resolves once they count. */
  async allow(
    user: string,
    topology: Topology,
    {
      provision = 'create' as const,
      without,
    }: { provision?: ParleyOptions['provision']; without?: Acl } = {},
  ): Promise<void> {
    const acls = aclsOf(topology, provision).filter(acl => !same(acl, without));
    await this.rules.allow(user, acls.map(ruleOf));
  }

  async start(controllers: Type[], options: ParleyOptions): Promise<ParleyServer> {
    @Module({ controllers })
    class ServiceModule {}
    const server = new ParleyServer(options);
    const app: INestMicroservice = await NestFactory.createMicroservice(ServiceModule, {
      strategy: server,
      logger: this.journal,
      abortOnError: false,
    });
    this.running.push(app);
    await app.listen().catch((error: unknown) => {
      this.journal.note(error);
      throw error;
    });
    return server;
  }

  client(to: string, options: Omit<ParleyClientOptions, 'to'>): ParleyClient {
    const client = new ParleyClient({ ...options, to });
    this.running.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const one of this.running.splice(0).toReversed()) await one.close();
    await this.admin.disconnect();
  }
}

export function same(acl: Acl, other: Acl | undefined): boolean {
  return acl.resource === other?.resource && acl.name === other.name && acl.operation === other.operation;
}

function ruleOf({ resource, name, match, operation }: Acl): Rule {
  return { resource, name, pattern: match, operation };
}
