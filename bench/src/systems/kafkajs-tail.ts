import type { Kafka, KafkaMessage } from 'kafkajs';

/** What is used of kafkajs's cluster, which its public surface does not offer. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(options: { nodeId: string }): Promise<{ fetch(request: object): Promise<FetchResponse> }>;
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ partitions: { offset: string }[] }[]>;
}

interface FetchResponse {
  responses: { partitions: { messages: KafkaMessage[] }[] }[];
}

const MAX_WAIT_MS = 250;
const MAX_BYTES = 10 * 1024 * 1024;

/**
 * Reads partition 0 of a topic without a consumer group, from its end as of now. Resolves once that is fixed;
 * the returned function stops.
 */
export async function tail(kafka: Kafka, topic: string, onMessage: (message: KafkaMessage) => void) {
  const cluster = clusterOf(kafka);
  await cluster.connect();
  await cluster.addTargetTopic(topic);
  await cluster.refreshMetadata();
  const [end] = await cluster.fetchTopicsOffset([
    { topic, partitions: [{ partition: 0 }], fromBeginning: false },
  ]);
  const [leader = ''] = Object.keys(cluster.findLeaderForPartitions(topic, [0]));
  const broker = await cluster.findBroker({ nodeId: leader });

  let fetchOffset = end?.partitions[0]?.offset ?? '0';
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { responses } = await broker.fetch({
        maxWaitTime: MAX_WAIT_MS,
        minBytes: 1,
        maxBytes: MAX_BYTES,
        topics: [{ topic, partitions: [{ partition: 0, fetchOffset, maxBytes: MAX_BYTES }] }],
      });
      for (const message of responses[0]?.partitions[0]?.messages ?? []) {
        if (BigInt(message.offset) < BigInt(fetchOffset)) continue;
        onMessage(message);
        fetchOffset = String(BigInt(message.offset) + 1n);
      }
    }
  };
  const ended = loop();
  ended.catch((error: unknown) => {
    if (!stop.signal.aborted) console.error(`Reading ${topic} failed:`, error);
  });
  return async (): Promise<void> => {
    stop.abort();
    await ended.catch(() => {});
    await cluster.disconnect();
  };
}

function clusterOf(kafka: Kafka): Cluster {
  const name = 'private:Kafka:createCluster';
  const symbol = Object.getOwnPropertySymbols(kafka).find(each => each.description === name);
  if (!symbol) throw new Error(`This kafkajs has no ${name}: the bench is written for 2.2.4.`);
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol];
  if (!create) throw new Error(`kafkajs's ${name} holds nothing.`);
  return create.call(kafka, { allowAutoTopicCreation: false, metadataMaxAge: 300_000 });
}
