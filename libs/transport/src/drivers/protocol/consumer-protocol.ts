import { Reader } from './reader.js';
import { Writer } from './writer.js';

/** Kafka's own layouts of what group members tell each other, so that its tools can read them. */
const SUBSCRIPTION_VERSION = 2;
const ASSIGNMENT_VERSION = 0;
const NONE = -1;

/** Partitions by topic. */
export type TopicPartitions = Record<string, number[]>;

export interface MemberSubscription {
  topics: string[];
  /** What the member reads as it joins. */
  owned: TopicPartitions;
  /** The generation in which it got that; -1 where it tells of none. */
  generation: number;
}

export function encodeSubscription({ topics, owned, generation }: MemberSubscription): Buffer {
  const body = new Writer()
    .int16(SUBSCRIPTION_VERSION)
    .array(topics, (writer, topic) => writer.string(topic));
  body.int32(NONE); // user data
  return writePartitions(body, owned).int32(generation).finish();
}

/** Other members wrote this: one that makes no sense subscribes to nothing and owns nothing. */
export function decodeSubscription(bytes: Buffer): MemberSubscription {
  const subscription: MemberSubscription = { topics: [], owned: {}, generation: NONE };
  try {
    const body = new Reader(bytes);
    const version = body.int16();
    subscription.topics = body.array(reader => reader.string());
    body.nullableBytes(); // user data
    if (version >= 1) subscription.owned = readPartitions(body);
    if (version >= 2) subscription.generation = body.int32();
  } catch {
    // what was read until here counts
  }
  return subscription;
}

export function encodeAssignment(partitions: TopicPartitions): Buffer {
  return writePartitions(new Writer().int16(ASSIGNMENT_VERSION), partitions).int32(NONE).finish();
}

/** An empty one is how a broker says "nothing". Raises a RangeError for a malformed one. */
export function decodeAssignment(bytes: Buffer): TopicPartitions {
  if (bytes.length === 0) return {};
  const body = new Reader(bytes);
  body.int16(); // version
  return readPartitions(body);
}

function writePartitions(body: Writer, partitions: TopicPartitions): Writer {
  return body.array(Object.entries(partitions), (writer, [topic, numbers]) =>
    writer.string(topic).array(numbers, (entry, partition) => entry.int32(partition)),
  );
}

function readPartitions(body: Reader): TopicPartitions {
  return Object.fromEntries(
    body.array(reader => [reader.string(), reader.array(entry => entry.int32())] as const),
  );
}
