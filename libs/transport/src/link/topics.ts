import type { CompressionName } from '../drivers/compression/codec.js';
import type { TopicSpec } from '../drivers/driver.js';

/** How many partitions and replicas a kind of topic gets when Parley makes it. */
export interface TopicShape {
  partitions: number;
  /** -1: the broker's default. */
  replication: number;
}

export type EventCompression = CompressionName | 'none' | Readonly<Record<string, CompressionName | 'none'>>;

export interface EventTopicShape extends TopicShape {
  /** Of all event topics, dead letters included, or of each by its name: those not named are not compressed. */
  compression?: EventCompression;
}

export interface TopicShapes {
  calls: TopicShape;
  inbox: TopicShape;
  events: EventTopicShape;
}

/** Frames are of use for as long as a caller waits; an hour leaves room to look at them. */
const INBOX_RETENTION_MS = 60 * 60 * 1000;

/** The broker stores what was sent as it was sent: recompressing costs it more than calls save. */
const AS_SENT = { 'compression.type': 'uncompressed' };

/** What a request's age is counted from, whatever its caller's clock says. */
const APPEND_TIME = { 'message.timestamp.type': 'LogAppendTime' };

export function callsTopic(topic: string, shape: TopicShape): TopicSpec {
  return { topic, ...shape, config: { ...AS_SENT, ...APPEND_TIME } };
}

/** An inbox topic: append time too, for the requests that every instance is sent. */
export function inboxTopic(topic: string, shape: TopicShape): TopicSpec {
  const config = { ...AS_SENT, ...APPEND_TIME, 'retention.ms': String(INBOX_RETENTION_MS) };
  return { topic, ...shape, config };
}

/** An event topic and its dead letters keep the broker's own settings. */
export function eventTopic(topic: string, { compression, ...shape }: EventTopicShape): TopicSpec {
  const name = typeof compression === 'object' ? compression[topic] : compression;
  return { topic, ...shape, ...(name && name !== 'none' && { compression: name }) };
}
