import { DriverError } from '../driver.js';
import { brokerError, messageOf } from '../errors.js';
import type { ClusterMetadata } from '../protocol/metadata.js';
import type { KafkaOptions } from '../kafka-options.js';
import { parseAddresses } from './addresses.js';
import { BrokerLink } from './broker-link.js';
import type { BrokerAddress } from './broker-link.js';
import type { PlatformaticKafka } from './client.js';
import type { Timeouts } from './settings.js';

export interface ClusterOptions extends Timeouts {
  kafka: KafkaOptions;
  /** Called before the first connection. */
  load: () => Promise<PlatformaticKafka>;
  /** Called when a link closes that the cluster did not close itself. */
  onLinkClosed?(): void;
}

/** How many brokers are tried side by side when none is connected. */
const TRIED_AT_ONCE = 3;
const NOT_CONTROLLER = 41;

/**
 * One set of connections, one to each broker in use, opened when needed. The client's own pool gives a connection
 * up to whoever asks, opening or not, and lets one request hold up all others; so links are kept here.
 */
export class Cluster {
  private readonly seeds: readonly BrokerAddress[];
  private addresses = new Map<number, BrokerAddress>();
  /** Open or opening. */
  private readonly links = new Map<string, { link?: BrokerLink; opened: Promise<BrokerLink> }>();
  private finding: Promise<BrokerLink> | undefined;
  private readonly made = new Set<BrokerLink>();
  private closed = false;

  constructor(private readonly options: ClusterOptions) {
    this.seeds = parseAddresses(options.kafka.brokers);
  }

  /** A connected broker, whichever. Rejects when none could be reached within the connection time-out. */
  async anyLink(): Promise<BrokerLink> {
    for (const { link } of this.links.values()) if (link?.usable) return link;
    this.finding ??= this.findLink().finally(() => (this.finding = undefined));
    return this.finding;
  }

  /** The broker of that node id. Rejects `stale` where metadata does not know it. */
  async link(nodeId: number): Promise<BrokerLink> {
    if (!this.addresses.has(nodeId)) await this.metadata([]);
    const address = this.addresses.get(nodeId);
    if (address) return this.linkTo(address);
    const message = `Broker ${nodeId} is not in the cluster's metadata`;
    throw new DriverError('stale', message, 'BROKER_NOT_AVAILABLE');
  }

  /** The connected broker of that node id, if it is connected now. */
  linkNow(nodeId: number): BrokerLink | undefined {
    const address = this.addresses.get(nodeId);
    const link = address && this.links.get(keyOf(address))?.link;
    return link?.usable ? link : undefined;
  }

  /** Asks one broker about the topics given, and one other where the first does not answer. Never makes a topic. */
  async metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const metadata = await this.ask(topics).catch((error: unknown) => {
      if (this.closed || (error instanceof DriverError && error.kind === 'permanent')) throw error;
      return this.ask(topics);
    });
    this.addresses = new Map(metadata.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    return metadata;
  }

  async controller(): Promise<BrokerLink> {
    const { controllerId } = await this.metadata([]);
    if (controllerId < 0) throw brokerError(NOT_CONTROLLER, 'Looking for the controller');
    return this.link(controllerId);
  }

  /** The package, for those who send requests by it. */
  client(): Promise<PlatformaticKafka> {
    return this.options.load();
  }

  close(): void {
    this.closed = true;
    for (const link of this.made) link.close();
  }

  private async ask(topics: readonly string[]): Promise<ClusterMetadata> {
    const [link, client] = await Promise.all([this.anyLink(), this.client()]);
    const { connectionTimeoutMs } = this.options;
    const answer = await link.send(client.metadataV9.api, [[...topics], false, false], connectionTimeoutMs);
    return {
      brokers: answer.brokers,
      controllerId: answer.controllerId,
      topics: answer.topics.map(({ name, errorCode, partitions }) => ({
        topic: name ?? '',
        errorCode,
        partitions: partitions.map(({ errorCode, partitionIndex, leaderId, replicaNodes }) => ({
          errorCode,
          partition: partitionIndex,
          leader: leaderId,
          replicas: replicaNodes,
        })),
      })),
    };
  }

  private async findLink(): Promise<BrokerLink> {
    const known = new Map(
      [...this.addresses.values(), ...this.seeds].map(address => [keyOf(address), address]),
    );
    const tried = shuffled([...known.values()]);
    let failure: unknown;
    for (let from = 0; from < tried.length; from += TRIED_AT_ONCE) {
      const some = tried.slice(from, from + TRIED_AT_ONCE);
      try {
        return await Promise.any(some.map(address => this.linkTo(address)));
      } catch (error) {
        failure = error;
      }
    }
    const reasons: readonly unknown[] = failure instanceof AggregateError ? failure.errors : [failure];
    const refusal = reasons.find(reason => reason instanceof DriverError && reason.kind === 'permanent');
    if (refusal) throw refusal;
    throw new DriverError(
      'retriable',
      `No broker answers at ${[...known.keys()].join(', ')}: ${reasons.map(messageOf).join('; ')}`,
      'BROKER_NOT_AVAILABLE',
      { cause: failure },
    );
  }

  private linkTo(address: BrokerAddress): Promise<BrokerLink> {
    const key = keyOf(address);
    const known = this.links.get(key);
    if (known && (!known.link || known.link.usable)) return known.opened;
    const entry: { link?: BrokerLink; opened: Promise<BrokerLink> } = {
      opened: this.openLink(address).then(
        link => (entry.link = link),
        (error: unknown) => {
          if (this.links.get(key) === entry) this.links.delete(key);
          throw error;
        },
      ),
    };
    this.links.set(key, entry);
    return entry.opened;
  }

  private async openLink(address: BrokerAddress): Promise<BrokerLink> {
    const { kafka, connectionTimeoutMs, requestTimeoutMs } = this.options;
    const previous = this.links.get(keyOf(address))?.link;
    const client = await this.client();
    this.refuseClosed();
    const link: BrokerLink = new BrokerLink({
      client,
      kafka,
      address,
      onClosed: () => {
        this.made.delete(link);
        if (this.links.get(keyOf(address))?.link === link) this.links.delete(keyOf(address));
        if (!this.closed) this.options.onLinkClosed?.();
      },
    });
    this.made.add(link);
    try {
      await link.open(connectionTimeoutMs);
    } catch (error) {
      this.made.delete(link);
      this.refuseClosed();
      throw error;
    }
    // A link that renews its SASL session may still wait for answers: it is retired, not cut.
    if (previous) setTimeout(() => previous.close(), requestTimeoutMs).unref();
    return link;
  }

  private refuseClosed(): void {
    if (this.closed) throw new DriverError('permanent', 'The driver is closed');
  }
}

function keyOf({ host, port }: BrokerAddress): string {
  return `${host}:${port}`;
}

function shuffled<T>(values: T[]): T[] {
  return values
    .map(value => ({ value, rank: Math.random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
