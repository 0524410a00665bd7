import type { TopicSpec } from '../driver.js';
import { APIS } from './api.js';
import type { ApiRequest } from './api.js';

export interface TopicResult {
  topic: string;
  errorCode: number;
  /** The broker's own words, where it gave any. */
  message: string | null;
}

export function createTopicsRequest(
  topics: readonly TopicSpec[],
  timeoutMs: number,
): ApiRequest<TopicResult[]> {
  return {
    api: APIS.createTopics,
    write(body) {
      body
        .array(topics, (writer, { topic, partitions, replication, config = {} }) =>
          writer
            .string(topic)
            .int32(partitions)
            .int16(replication)
            .array([], () => {}) // no manual assignment of replicas
            .array(Object.entries(config), (entry, [name, value]) => entry.string(name).string(value)),
        )
        .int32(timeoutMs)
        .boolean(false); // not only validated
    },
    read: readTopicResults,
  };
}

/** `count` is the number of partitions that the topic is to have in all. */
export function createPartitionsRequest(
  topics: readonly { topic: string; count: number }[],
  timeoutMs: number,
): ApiRequest<TopicResult[]> {
  return {
    api: APIS.createPartitions,
    write(body) {
      body
        .array(topics, (writer, { topic, count }) =>
          writer.string(topic).int32(count).int32(-1 /* the broker assigns them */),
        )
        .int32(timeoutMs)
        .boolean(false);
    },
    read: readTopicResults,
  };
}

function readTopicResults(body: Parameters<ApiRequest<unknown>['read']>[0]): TopicResult[] {
  body.int32(); // throttle time
  return body.array(reader => ({
    topic: reader.string(),
    errorCode: reader.int16(),
    message: reader.nullableString(),
  }));
}
