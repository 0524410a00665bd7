import { APIS } from './api.js';
import type { ApiRequest } from './api.js';

export interface ClusterMetadata {
  brokers: { nodeId: number; host: string; port: number }[];
  controllerId: number;
  topics: TopicMetadata[];
}

export interface TopicMetadata {
  errorCode: number;
  topic: string;
  partitions: {
    errorCode: number;
    partition: number;
    leader: number;
    leaderEpoch: number;
    replicas: number[];
  }[];
}

/** What the protocol takes for every topic; an empty list asks about none. */
const EVERY_TOPIC = -1;

/** Asks about the topics given, or about all of them, and never makes one. */
export function metadataRequest(topics: readonly string[] | 'all'): ApiRequest<ClusterMetadata> {
  return {
    api: APIS.metadata,
    write(body) {
      if (topics === 'all') body.int32(EVERY_TOPIC);
      else body.array(topics, (writer, topic) => writer.string(topic));
      body.boolean(false);
    },
    read(body) {
      body.int32(); // throttle time
      const brokers = body.array(reader => {
        const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
        reader.nullableString(); // rack
        return broker;
      });
      body.nullableString(); // cluster id
      const controllerId = body.int32();
      return { brokers, controllerId, topics: body.array(readTopic) };
    },
  };
}

function readTopic(body: Parameters<ApiRequest<unknown>['read']>[0]): TopicMetadata {
  const errorCode = body.int16();
  const topic = body.string();
  body.boolean(); // internal
  const partitions = body.array(reader => {
    const partition = {
      errorCode: reader.int16(),
      partition: reader.int32(),
      leader: reader.int32(),
      leaderEpoch: reader.int32(),
      replicas: reader.array(replica => replica.int32()),
    };
    reader.array(replica => replica.int32()); // in-sync replicas
    reader.array(replica => replica.int32()); // replicas on brokers that are down
    return partition;
  });
  return { errorCode, topic, partitions };
}
