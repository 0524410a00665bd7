import { setTimeout } from 'node:timers/promises';
import { EmbeddedKafka } from '@parley/embedded-kafka';
import { startKafka } from '@parley/tools/kafka';
import { Kafka, logLevel, type Admin } from 'kafkajs';

/** A cluster of three brokers, with the ids 1 to 3, that a spec may shake as it likes. */
export interface ThreeBrokers {
  readonly brokers: readonly string[];
  /** Makes another broker lead, and resolves once one does. The topic has two replicas. */
  moveLeader(topic: string, partition: number): Promise<void>;
  /** Ends a broker without a word to anybody. */
  kill(nodeId: number): Promise<void>;
  /** Starts it again on its old port and data, and resolves once the others know it. */
  restart(nodeId: number): Promise<void>;
  /** Starts again whatever a spec that failed left dead. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Real Kafka where KAFKA_CLUSTER is set, to whatever value, else embedded. */
export function startThreeBrokers(): Promise<ThreeBrokers> {
  return process.env.KAFKA_CLUSTER ? startReal() : startEmbedded();
}

async function startEmbedded(): Promise<ThreeBrokers> {
  const kafka = await EmbeddedKafka.start({ brokers: 3 });
  return {
    brokers: kafka.brokers,
    moveLeader: async (topic, partition) =>
      kafka.moveLeader(topic, partition, (kafka.leaderOf(topic, partition) % 3) + 1),
    kill: nodeId => kafka.stopBroker(nodeId),
    restart: nodeId => kafka.startBroker(nodeId),
    heal: () => eachInTurn(nodeId => kafka.startBroker(nodeId)),
    close: () => kafka.close(),
  };
}

async function startReal(): Promise<ThreeBrokers> {
  const kafka = await startKafka({ brokers: 3 });
  const brokers = kafka.bootstrap.split(',');
  const client = new Kafka({ clientId: 'mover', brokers, logLevel: logLevel.NOTHING });
  return {
    brokers,
    async moveLeader(topic, partition) {
      const admin = client.admin();
      await admin.connect();
      try {
        await moveLeader(admin, topic, partition);
      } finally {
        await admin.disconnect();
      }
    },
    kill: nodeId => kafka.kill(nodeId),
    restart: nodeId => kafka.restart(nodeId),
    heal: () => eachInTurn(nodeId => kafka.restart(nodeId)),
    close: () => kafka.close(),
  };
}

async function eachInTurn(visit: (nodeId: number) => Promise<void>): Promise<void> {
  for (const nodeId of [1, 2, 3]) await visit(nodeId);
}

const MOVED_WITHIN_MS = 20_000;

/** Takes the partition away from its leader, so that the other replica has to lead, and gives it to a third broker. */
async function moveLeader(admin: Admin, topic: string, partition: number): Promise<void> {
  const { leader, replicas } = await placeOf(admin, topic, partition);
  const others = [1, 2, 3].filter(id => id !== leader);
  const heir = others.find(id => replicas.includes(id)) ?? -1;
  const partitionAssignment = [{ partition, replicas: [heir, ...others.filter(id => id !== heir)] }];
  await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  const until = Date.now() + MOVED_WITHIN_MS;
  while ((await placeOf(admin, topic, partition)).leader !== heir) {
    if (Date.now() > until) throw new Error(`broker ${heir} does not lead ${topic}[${partition}]`);
    await setTimeout(50);
  }
}

async function placeOf(admin: Admin, topic: string, partition: number) {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const place = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition);
  if (!place) throw new Error(`there is no ${topic}[${partition}]`);
  return place;
}
