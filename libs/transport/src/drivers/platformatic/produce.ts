import { DriverError } from '../driver.js';
import type { OutgoingRecord, ProduceOutcome } from '../driver.js';
import { brokerError, NO_ERROR, unanswered, UNKNOWN_TOPIC_OR_PARTITION } from '../errors.js';
import { APIS } from '../protocol/api.js';
import { decodeProduce, encodeProduce, groupByPartition } from '../protocol/produce.js';
import type { PartitionAnswer } from '../protocol/produce.js';
import { Reader } from '../protocol/reader.js';
import type { TopicLeaders } from '../cluster/topic-leaders.js';
import type { BrokerLink } from './broker-link.js';
import type { Cluster } from './cluster.js';

/** Longer than the broker itself may take, so that it is the broker that tells of a time-out. */
const ANSWER_MARGIN_MS = 500;

type Groups = ReturnType<typeof groupByPartition>;

/**
 * Sends one produce request, acks=all and never idempotent, straight to a broker. The client's own producer would
 * retry, spread over brokers, and, idempotent, lose 49 of 50 concurrent sends in 1.35.
 */
export class Produce {
  constructor(
    private readonly cluster: Cluster,
    private readonly leaders: TopicLeaders,
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
        if (error instanceof DriverError && error.kind === 'stale') return unmentioned(groups, () => error);
        throw unanswered(`Connecting to broker ${leader}`, error);
      }
    }
    const outcomes: ProduceOutcome[] = [];
    for (const answer of await exchange(link, groups, timeoutMs)) {
      const { topic, partition, errorCode, baseOffset } = answer;
      if (!groups.get(topic)?.delete(partition)) continue; // nothing that was asked
      if (errorCode === NO_ERROR) outcomes.push({ topic, partition, baseOffset });
      else outcomes.push({ topic, partition, baseOffset: -1, error: await this.errorOf(answer) });
    }
    const left = unmentioned(groups, where => new DriverError('stale', `${where} was not acknowledged`));
    return left.length > 0 ? [...outcomes, ...left] : outcomes;
  }

  /** An unknown partition is permanent where the topic is known without it. */
  private async errorOf({ topic, partition, errorCode, message }: PartitionAnswer): Promise<DriverError> {
    const where = `${topic}[${partition}]`;
    this.leaders.forget(topic);
    const error = brokerError(errorCode, `Producing to ${where}`, message);
    if (errorCode !== UNKNOWN_TOPIC_OR_PARTITION) return error;
    const leaders = await this.leaders.of(topic).catch(() => []);
    if (leaders.length === 0 || leaders.some(entry => entry.partition === partition)) return error;
    const reason = `${where} does not exist: the topic has ${leaders.length} partitions`;
    return new DriverError('permanent', reason, error.code);
  }
}

function exchange(link: BrokerLink, groups: Groups, timeoutMs: number): Promise<readonly PartitionAnswer[]> {
  const request = encodeProduce(groups, { reserve: 0, timeoutMs, timestamp: Date.now() });
  return new Promise((resolve, reject) => {
    link.dispatch(APIS.produce, request, timeoutMs + ANSWER_MARGIN_MS, (error, payload) => {
      if (error || !payload) return reject(error ?? unanswered(`Produce at ${link.name}`, 'nothing'));
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

function unmentioned(groups: Groups, errorOf: (where: string) => DriverError): ProduceOutcome[] {
  return [...groups].flatMap(([topic, partitions]) =>
    [...partitions.keys()].map(partition => ({
      topic,
      partition,
      baseOffset: -1,
      error: errorOf(`${topic}[${partition}]`),
    })),
  );
}
