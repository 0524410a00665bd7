import type { Codecs } from '../compression/codecs.js';
import { DriverError } from '../driver.js';
import type { OutgoingRecord, ProduceOutcome } from '../driver.js';
import type { BrokerLink } from '../cluster/broker-link.js';
import type { Cluster } from '../cluster/cluster.js';
import { brokerError, NO_ERROR, unanswered, UNKNOWN_TOPIC_OR_PARTITION } from '../errors.js';
import { APIS } from '../protocol/api.js';
import { decodeProduce, encodeProduce, groupByPartition } from '../protocol/produce.js';
import type { PartitionAnswer, ProduceEncoding } from '../protocol/produce.js';
import { Reader } from '../protocol/reader.js';
import type { TopicLeaders } from '../cluster/topic-leaders.js';
import { compressBatches, wantingCompression } from './compressed-batches.js';

/** Longer than the broker itself may take, so that it is the broker that tells of a time-out. */
const ANSWER_MARGIN_MS = 500;

type Groups = ReturnType<typeof groupByPartition>;

/**
 * Sends one produce request, acks=all, straight to a broker. kafkajs's own producer would retry, spread over
 * brokers, raise the first partition's error for all, and not notice a partition that was left out.
 */
export class Produce {
  constructor(
    private readonly cluster: Cluster,
    private readonly leaders: TopicLeaders,
    private readonly codecs: Codecs,
  ) {}

  async send(
    leader: number,
    records: readonly OutgoingRecord[],
    timeoutMs: number,
  ): Promise<ProduceOutcome[]> {
    if (records.length === 0) return [];
    const groups = groupByPartition(records);
    let link = this.cluster.linkNow(leader);
    if (!link) {
      try {
        link = await this.cluster.link(leader);
      } catch (error) {
        // Nothing was sent: certain, unlike a request without an answer.
        if (error instanceof DriverError && error.kind === 'stale') return outcomesOf(groups, () => error);
        throw unanswered(`Connecting to broker ${leader}`, error);
      }
    }
    const timestamp = Date.now();
    const wanted = wantingCompression(groups);
    if (wanted.length === 0)
      return this.judge(groups, await exchange(link, groups, { timeoutMs, timestamp }));
    const { batches: ready, failed } = await compressBatches(wanted, this.codecs, timestamp);
    const outcomes = failed.map(failure => ({ ...failure, baseOffset: -1 }));
    for (const { topic, partition } of failed) remove(groups, topic, partition);
    if (groups.size === 0) return outcomes;
    const answers = await exchange(link, groups, { timeoutMs, timestamp, ready });
    return [...outcomes, ...(await this.judge(groups, answers))];
  }

  /** One outcome for each partition that was sent, whatever the broker answered. */
  private async judge(groups: Groups, answers: readonly PartitionAnswer[]): Promise<ProduceOutcome[]> {
    const outcomes: ProduceOutcome[] = [];
    for (const answer of answers) {
      const { topic, partition, errorCode, baseOffset } = answer;
      const group = groups.get(topic);
      if (!group?.delete(partition)) continue; // nothing that was asked
      if (errorCode === NO_ERROR) {
        outcomes.push({ topic, partition, baseOffset });
      } else {
        this.leaders.forget(topic);
        outcomes.push({ topic, partition, baseOffset: -1, error: await this.errorOf(answer) });
      }
    }
    const unmentioned = outcomesOf(
      groups,
      (topic, partition) => new DriverError('stale', `The broker did not acknowledge ${topic}[${partition}]`),
    );
    return unmentioned.length > 0 ? [...outcomes, ...unmentioned] : outcomes;
  }

  private async errorOf(answer: PartitionAnswer): Promise<DriverError> {
    const { topic, partition, errorCode, message } = answer;
    const error = brokerError(errorCode, `Producing to ${topic}[${partition}]`, {
      detail: message,
      needs: 'Write',
    });
    if (errorCode !== UNKNOWN_TOPIC_OR_PARTITION) return error;
    const leaders = await this.leaders.of(topic).catch(() => []);
    const exists = leaders.some(entry => entry.partition === partition);
    if (exists || leaders.length === 0) return error;
    return new DriverError(
      'permanent',
      `${topic}[${partition}] does not exist: the topic has ${leaders.length} partitions`,
      error.code,
    );
  }
}

function exchange(
  link: BrokerLink,
  groups: Groups,
  encoding: Omit<ProduceEncoding, 'reserve'>,
): Promise<readonly PartitionAnswer[]> {
  const { timeoutMs } = encoding;
  const request = encodeProduce(groups, { reserve: link.headerBytes, ...encoding });
  return new Promise((resolve, reject) => {
    link.dispatch(APIS.produce, request, timeoutMs + ANSWER_MARGIN_MS, (error, payload) => {
      if (error) return reject(error);
      try {
        const { answers, throttleMs } = decodeProduce(new Reader(payload));
        link.throttle(throttleMs);
        resolve(answers);
      } catch (cause) {
        reject(unanswered(`Produce at ${link.name}`, cause));
      }
    });
  });
}

function remove(groups: Groups, topic: string, partition: number): void {
  const partitions = groups.get(topic);
  partitions?.delete(partition);
  if (partitions?.size === 0) groups.delete(topic);
}

function outcomesOf(
  groups: Groups,
  errorOf: (topic: string, partition: number) => DriverError,
): ProduceOutcome[] {
  const outcomes: ProduceOutcome[] = [];
  for (const [topic, partitions] of groups) {
    for (const partition of partitions.keys()) {
      outcomes.push({ topic, partition, baseOffset: -1, error: errorOf(topic, partition) });
    }
  }
  return outcomes;
}
