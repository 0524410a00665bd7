import { APIS } from './api/registry.js';
import type { Fault, PartitionTest } from './faults.js';
import type { Interceptor } from './interceptors.js';

/** Which requests a fault befalls: those that fit every field given. */
export interface FaultTarget {
  /** One of `ApiKey`. */
  readonly api: number;
  /** Requests that name this topic. */
  readonly topic?: string;
  /** Requests that name this partition, of `topic` where that is given too. */
  readonly partition?: number;
  /** Requests to this broker. */
  readonly nodeId?: number;
  /** Requests of this client. */
  readonly clientId?: string;
  /** How many requests it befalls before it is over. Default: all, until it is removed. */
  readonly times?: number;
}

/**
 * The interceptor that lets `fault` befall what fits `target`. An error befalls only the partitions that fit, where
 * the API answers for each partition; any other fault befalls the whole request.
 * @throws RangeError for an API that is not served, or that names no topics where one is targeted
 */
export function faultAt(target: FaultTarget, fault: Fault): Interceptor {
  const { api: key, topic, partition, nodeId, clientId, times = Infinity } = target;
  const api = APIS.get(key);
  if (!api) throw new RangeError(`there is no API with the key ${key}: take one of ApiKey`);
  const byPartition = topic !== undefined || partition !== undefined;
  if (byPartition && !api.namesTopics)
    throw new RangeError(`requests of ${api.name} name no topics: leave topic and partition out`);
  const hit: PartitionTest = named =>
    (topic === undefined || named.topic === topic) &&
    (partition === undefined || named.partition === undefined || named.partition === partition);
  const given: Fault =
    fault.kind === 'error' && byPartition && api.answersByPartition ? { ...fault, only: hit } : fault;
  let left = times;
  return request => {
    if (left <= 0) return undefined;
    if (nodeId !== undefined && request.nodeId !== nodeId) return undefined;
    if (clientId !== undefined && request.clientId !== clientId) return undefined;
    if (byPartition && !request.partitions.some(hit)) return undefined;
    left--;
    return given;
  };
}
