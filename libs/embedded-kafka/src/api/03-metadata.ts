import type { Cluster } from '../cluster.js';
import { NO_LEADER } from '../cluster/partition.js';
import { topicNameFault, type Topic } from '../cluster/topic.js';
import { ErrorCode } from '../protocol/errors.js';
import {
  array,
  arrayOf,
  bool,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
} from '../protocol/schema.js';
import { defineApi } from './api.js';
import { NOT_ASKED } from './authorized-operations.js';

/**
 * Metadata: versions 0 to 9. Topics are never created by asking for them.
 * 1: rack, controller, internal topics; null asks for all topics. 2: cluster id. 3: throttle time.
 * 4: auto-creation can be declined. 5: offline replicas. 7: leader epoch. 8: authorized operations. 9: flexible.
 */
const request = {
  topics: nullableArray({ name: string() }),
  allowAutoTopicCreation: bool({ since: 4 }),
  includeClusterAuthorizedOperations: bool({ since: 8 }),
  includeTopicAuthorizedOperations: bool({ since: 8 }),
};

const response = {
  throttleTimeMs: int32({ since: 3, default: 0 }),
  brokers: array({
    nodeId: int32(),
    host: string(),
    port: int32(),
    rack: nullableString({ since: 1, default: null }),
  }),
  clusterId: nullableString({ since: 2 }),
  controllerId: int32({ since: 1 }),
  topics: array({
    errorCode: int16({ default: 0 }),
    name: string(),
    isInternal: bool({ since: 1, default: false }),
    partitions: array({
      errorCode: int16({ default: 0 }),
      partitionIndex: int32(),
      leaderId: int32(),
      leaderEpoch: int32({ since: 7 }),
      replicaNodes: arrayOf(int32()),
      isrNodes: arrayOf(int32()),
      offlineReplicas: arrayOf(int32(), { since: 5 }),
    }),
    topicAuthorizedOperations: int32({ since: 8, default: NOT_ASKED }),
  }),
  clusterAuthorizedOperations: int32({ since: 8, default: NOT_ASKED }),
};

function describe(topic: Topic, cluster: Cluster) {
  return {
    name: topic.name,
    partitions: topic.partitions.map(({ index, leader, leaderEpoch, replicas }) => ({
      errorCode: leader === NO_LEADER ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.NONE,
      partitionIndex: index,
      leaderId: leader,
      leaderEpoch,
      replicaNodes: replicas,
      isrNodes: replicas.filter(id => cluster.isAlive(id)),
      offlineReplicas: replicas.filter(id => !cluster.isAlive(id)),
    })),
  };
}

export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  versions: [0, 9],
  flexibleSince: 9,
  request,
  response,

  names: ({ topics }) => (topics ?? []).map(({ name }) => ({ topic: name })),

  handle({ topics }, { cluster, version, clientId }) {
    const all = topics === null || (version === 0 && topics.length === 0);
    const refusalOf = (name: string) => cluster.rights.refusal(clientId, 'Describe', { topic: name });
    const names = all
      ? [...cluster.topics.keys()].filter(name => !refusalOf(name))
      : topics.map(({ name }) => name);
    return {
      brokers: cluster.liveNodes().map(({ id, host, port }) => ({ nodeId: id, host, port })),
      clusterId: cluster.id,
      controllerId: cluster.controllerId,
      topics: names.map(name => {
        const refused = refusalOf(name);
        if (refused) return { errorCode: refused, name, partitions: [] };
        const topic = cluster.topics.get(name);
        if (topic) return describe(topic, cluster);
        const { INVALID_TOPIC_EXCEPTION, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
        const errorCode = topicNameFault(name) ? INVALID_TOPIC_EXCEPTION : UNKNOWN_TOPIC_OR_PARTITION;
        return { errorCode, name, partitions: [] };
      }),
    };
  },

  refuse: ({ topics }, errorCode) => ({
    brokers: [],
    clusterId: null,
    controllerId: -1,
    topics: (topics ?? []).map(({ name }) => ({ errorCode, name, partitions: [] })),
  }),
});
