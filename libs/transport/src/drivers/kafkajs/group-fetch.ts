import type { KafkaMessage } from 'kafkajs';
import type { ReceivedRecord } from '../driver.js';
import { decompress } from './internals.js';
import type { ProtocolCall } from './internals.js';
import { APIS } from './protocol/api.js';
import { batchHeaders, readBatches } from './protocol/batch-reader.js';
import { readFetchAnswer } from './protocol/fetch.js';
import type { FetchedPartition } from './protocol/fetch.js';
import { Reader } from './protocol/reader.js';

/** The records that a message stands for. */
const carried = new WeakMap<object, readonly ReceivedRecord[]>();

const NONE: readonly ReceivedRecord[] = [];

/**
 * Reads fetch answers in place of kafkajs, whose decoder takes several times as long and crashes the consumer on
 * a batch that it cannot read. kafkajs is given one message for each partition, at the last offset, which carries
 * all records; so its own work for each message falls away too.
 */
export function fetchHook(onUnreadable: (error: Error) => void): (call: ProtocolCall) => ProtocolCall {
  return call => {
    const { apiKey, apiVersion } = call.request;
    if (apiKey !== APIS.fetch.key || apiVersion !== APIS.fetch.version) return call;
    return {
      ...call,
      response: { ...call.response, decode: payload => decodeAnswer(payload, onUnreadable) },
    };
  };
}

/** The records that kafkajs was given as this message. */
export function carriedRecords(message: KafkaMessage): readonly ReceivedRecord[] {
  return carried.get(message) ?? NONE;
}

async function decodeAnswer(payload: Buffer, onUnreadable: (error: Error) => void) {
  const answer = readFetchAnswer(new Reader(payload));
  const responses = [];
  for (const part of answer.partitions) {
    const { topic, partition, errorCode, highWatermark, preferredReadReplica } = part;
    responses.push({
      topicName: topic,
      partitions: [
        {
          partition,
          errorCode,
          highWatermark: String(highWatermark),
          abortedTransactions: [],
          preferredReadReplica,
          messages: await messagesOf(part, onUnreadable),
        },
      ],
    });
  }
  return { throttleTime: 0, clientSideThrottleTime: answer.throttleMs, responses };
}

async function messagesOf(
  { topic, partition, aborted, records: bytes }: FetchedPartition,
  onUnreadable: (error: Error) => void,
): Promise<{ offset: string }[]> {
  const headers = bytes ? batchHeaders(bytes) : [];
  const last = headers.at(-1);
  if (!bytes || !last) return [];
  const source = { topic, partition, bytes, aborted, from: 0 };
  const records = await readBatches(source, headers, { decompress, onUnreadable });
  const message = { offset: String(last.lastOffset) };
  carried.set(message, records);
  return [message];
}
