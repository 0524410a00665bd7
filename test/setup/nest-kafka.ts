import { Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientKafka, ServerKafka, type KafkaOptions } from '@nestjs/microservices';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { expect, inject, vi } from 'vitest';

type Options = NonNullable<KafkaOptions['options']>;

/** Nest's own Kafka transport, on the suite's Kafka: what a fleet has before it moves. */
export class NestKafka {
  private readonly running: { close(): Promise<unknown> }[] = [];

  /** Makes the topics of these patterns, and those of their replies. */
  async topics(patterns: readonly string[], numPartitions = 2): Promise<void> {
    const admin = new Kafka({ ...CLIENT, brokers: brokers() }).admin();
    await admin.connect();
    const topics = patterns.flatMap(pattern => [pattern, `${pattern}.reply`]);
    await admin.createTopics({
      topics: topics.map(topic => ({ topic, numPartitions })),
      waitForLeaders: true,
    });
    await admin.disconnect();
  }

  /** Callers of one process, connected, that may await the answers to these patterns. */
  async client(group: string, patterns: readonly string[]): Promise<ClientKafka> {
    const client = new ClientKafka(options(group));
    for (const pattern of patterns) client.subscribeToResponseOf(pattern);
    this.running.push(client);
    await client.connect();
    // It may send once it knows a partition for each of its replies.
    await vi.waitFor(
      () => expect(Object.keys(client.getConsumerAssignments())).toHaveLength(patterns.length),
      { timeout: 20_000, interval: 50 },
    );
    return client;
  }

  /** A server, once it listens; its group is `<group>-server`. */
  async server(group: string, controllers: Type[]): Promise<INestMicroservice> {
    @Module({ controllers })
    class StockModule {}
    const strategy = new ServerKafka(options(group));
    const app = await NestFactory.createMicroservice(StockModule, { strategy, logger: false });
    this.running.push(app);
    await app.listen();
    return app;
  }

  /** Stops one of them. */
  async close(one: { close(): Promise<unknown> }): Promise<void> {
    this.running.splice(this.running.indexOf(one), 1);
    await one.close();
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.splice(0).map(one => one.close()));
  }
}

const CLIENT = { logLevel: logLevel.NOTHING, logCreator: () => () => undefined };

function brokers(): string[] {
  return inject('brokers').split(',');
}

function options(groupId: string): Options {
  return {
    client: { ...CLIENT, brokers: brokers() },
    consumer: { groupId, heartbeatInterval: 250, sessionTimeout: 6000, maxWaitTimeInMs: 100 },
    // By default it begins wherever the end is once it has joined, and skips what came before.
    subscribe: { fromBeginning: true },
    producer: { createPartitioner: Partitioners.DefaultPartitioner },
  };
}
