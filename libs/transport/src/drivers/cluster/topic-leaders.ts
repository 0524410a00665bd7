import type { PartitionLeader } from '../driver.js';
import type { Cluster } from './cluster.js';
import { brokerError, NO_ERROR, UNKNOWN_TOPIC_OR_PARTITION } from '../errors.js';
import type { TopicMetadata } from '../protocol/metadata.js';

const MAX_AGE_MS = 10_000;
/** A topic that is not there may be made at any moment. */
const MAX_AGE_UNKNOWN_MS = 1_000;
/** Topics that are not there and are remembered as such: whoever may write can name any number of them. */
const MAX_UNKNOWN = 1_000;
const LEADER_NOT_AVAILABLE = 5;

interface LedPartition extends PartitionLeader {
  leaderEpoch: number;
}

interface Known {
  at: number;
  leaders: readonly PartitionLeader[];
}

/** The topics that are asked about in one turn of the event loop. */
interface Question {
  topics: string[];
  answers: Promise<ReadonlyMap<string, TopicMetadata>>;
}

/**
 * Who leads which partition, from metadata at most 10 s old. Lookups of one topic at one time share a request, and so do
 * lookups of any that come up together: hundreds of them would hold up what else is sent to the broker that is asked.
 */
export class TopicLeaders {
  private readonly known = new Map<string, Known>();
  /** Those of `known` that are not there, in the order in which they were asked about. */
  private readonly unknown = new Set<string>();
  private question: Question | undefined;
  private readonly asking = new Map<string, Promise<readonly PartitionLeader[]>>();

  constructor(
    private readonly cluster: Pick<Cluster, 'metadata'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async of(topic: string, { fresh = false } = {}): Promise<readonly PartitionLeader[]> {
    const known = this.known.get(topic);
    if (known && !fresh) {
      const maxAge = known.leaders.length > 0 ? MAX_AGE_MS : MAX_AGE_UNKNOWN_MS;
      if (this.now() - known.at < maxAge) return known.leaders;
      this.known.delete(topic);
    }
    const asking = this.asking.get(topic);
    if (asking) return asking;
    const asked = this.ask(topic).finally(() => this.asking.delete(topic));
    this.asking.set(topic, asked);
    return asked;
  }

  /** Makes the next lookup ask the cluster. */
  forget(topic: string): void {
    this.known.delete(topic);
  }

  private async ask(topic: string): Promise<readonly PartitionLeader[]> {
    const question = (this.question ??= this.nextQuestion());
    question.topics.push(topic);
    const answer = (await question.answers).get(topic);
    const leaders = answer ? leadersOf(answer).map(({ partition, leader }) => ({ partition, leader })) : [];
    this.known.set(topic, { at: this.now(), leaders });
    this.unknown.delete(topic);
    if (leaders.length === 0) this.rememberUnknown(topic);
    return leaders;
  }

  private nextQuestion(): Question {
    const topics: string[] = [];
    const ask = async () => {
      await new Promise(resolve => setImmediate(resolve));
      this.question = undefined;
      const metadata = await this.cluster.metadata(topics);
      return new Map(metadata.topics.map(answer => [answer.topic, answer]));
    };
    return { topics, answers: ask() };
  }

  private rememberUnknown(topic: string): void {
    this.unknown.add(topic);
    if (this.unknown.size <= MAX_UNKNOWN) return;
    const oldest = this.unknown.values().next().value!;
    this.unknown.delete(oldest);
    this.known.delete(oldest);
  }
}

/** Sorted by partition. Raises a DriverError where the broker refuses to tell. */
export function leadersOf({ topic, errorCode, partitions }: TopicMetadata): LedPartition[] {
  if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) return [];
  if (errorCode !== NO_ERROR && errorCode !== LEADER_NOT_AVAILABLE) {
    throw brokerError(errorCode, `Looking up the topic ${topic}`);
  }
  return partitions
    .map(({ partition, leader, leaderEpoch }) => ({ partition, leader, leaderEpoch }))
    .toSorted((a, b) => a.partition - b.partition);
}
