import { DriverError } from '../driver.js';
import { brokerError, isRefusedCredential, messageOf, NOT_CONTROLLER } from '../errors.js';
import type { Timeouts } from '../kafka-options.js';
import type { ApiRequest } from '../protocol/api.js';
import { metadataRequest } from '../protocol/metadata.js';
import type { ClusterMetadata } from '../protocol/metadata.js';
import { parseAddresses } from './broker-address.js';
import type { BrokerAddress } from './broker-address.js';
import type { MakeConnection } from './broker-connection.js';
import { BrokerLink } from './broker-link.js';

export interface ClusterOptions extends Timeouts {
  brokers: readonly string[];
  makeConnection: MakeConnection;
  /** Called when a link is lost that the cluster did not close itself: it closed, or nothing could take its place. */
  onLinkClosed?: (error: DriverError) => void;
}

/** How many brokers are tried side by side when none is connected. */
const TRIED_AT_ONCE = 3;

/**
 * One set of connections, one to each broker in use, opened when needed. Knows the brokers' addresses from the
 * latest metadata answer and keeps no other metadata.
 */
export class Cluster {
  private readonly seeds: readonly BrokerAddress[];
  private addresses = new Map<number, BrokerAddress>();
  private readonly opening = new Map<string, Promise<BrokerLink>>();
  private readonly open = new Map<string, BrokerLink>();
  /** Open, opening, or retired and not yet closed. */
  private readonly alive = new Set<BrokerLink>();
  private finding: Promise<BrokerLink> | undefined;
  private closed = false;

  constructor(private readonly options: ClusterOptions) {
    this.seeds = parseAddresses(options.brokers);
  }

  /** A connected broker, whichever. Rejects when none could be reached within the connection time-out. */
  async anyLink(): Promise<BrokerLink> {
    for (const link of this.open.values()) if (link.usable) return link;
    this.finding ??= this.findLink().finally(() => (this.finding = undefined));
    return this.finding;
  }

  /** The broker of that node id. Rejects `stale` where metadata does not know it. */
  async link(nodeId: number): Promise<BrokerLink> {
    if (!this.addresses.has(nodeId)) await this.metadata([]);
    const address = this.addresses.get(nodeId);
    if (!address) {
      throw new DriverError(
        'stale',
        `Broker ${nodeId} is not in the cluster's metadata`,
        'BROKER_NOT_AVAILABLE',
      );
    }
    try {
      return await this.linkTo(address);
    } catch (error) {
      this.addresses.delete(nodeId); // it may have moved: the next try asks
      throw error;
    }
  }

  /** The connected broker of that node id, if it is connected now. */
  linkNow(nodeId: number): BrokerLink | undefined {
    const address = this.addresses.get(nodeId);
    const link = address && this.open.get(keyOf(address));
    return link?.usable ? link : undefined;
  }

  /** Asks one broker, and one other where the first does not answer. */
  metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    return this.askForMetadata(metadataRequest(topics));
  }

  /** What there is to know of every topic: a large answer, in a large cluster. */
  metadataOfAll(): Promise<ClusterMetadata> {
    return this.askForMetadata(metadataRequest('all'));
  }

  async controller(): Promise<BrokerLink> {
    const { controllerId } = await this.metadata([]);
    if (controllerId < 0) throw brokerError(NOT_CONTROLLER, 'Looking for the controller');
    return this.link(controllerId);
  }

  close(): void {
    this.closed = true;
    for (const link of this.alive) link.close();
    this.open.clear();
  }

  private async askForMetadata(request: ApiRequest<ClusterMetadata>): Promise<ClusterMetadata> {
    const metadata = await this.ask(request).catch((error: unknown) => {
      if (this.closed || isRefusedCredential(error)) throw error;
      if (error instanceof DriverError && error.kind === 'permanent') throw error;
      return this.ask(request);
    });
    this.addresses = new Map(metadata.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    return metadata;
  }

  private async ask<T>(request: ApiRequest<T>): Promise<T> {
    const link = await this.anyLink();
    return link.send(request, this.options.connectionTimeoutMs);
  }

  private async findLink(): Promise<BrokerLink> {
    const known = new Map(
      [...this.addresses.values(), ...this.seeds].map(address => [keyOf(address), address]),
    );
    const tried = shuffled([...known.values()]);
    let failure: unknown;
    for (let from = 0; from < tried.length; from += TRIED_AT_ONCE) {
      try {
        return await Promise.any(
          tried.slice(from, from + TRIED_AT_ONCE).map(address => this.linkTo(address)),
        );
      } catch (error) {
        failure = error;
      }
    }
    const reasons: readonly unknown[] = failure instanceof AggregateError ? failure.errors : [failure];
    const refusal = reasons.find(
      reason => isRefusedCredential(reason) || (reason instanceof DriverError && reason.kind === 'permanent'),
    );
    if (refusal) throw refusal;
    throw new DriverError(
      'retriable',
      `No broker answers at ${[...known.keys()].join(', ')}: ${reasons.map(messageOf).join('; ')}`,
      'BROKER_NOT_AVAILABLE',
      { cause: failure },
    );
  }

  private linkTo(address: BrokerAddress): Promise<BrokerLink> {
    if (this.closed) throw closedError();
    const key = keyOf(address);
    const current = this.open.get(key);
    if (current?.usable) return Promise.resolve(current);
    const opening = this.opening.get(key);
    if (opening) return opening;
    const made = this.openLink(address, key).finally(() => this.opening.delete(key));
    this.opening.set(key, made);
    return made;
  }

  private async openLink(address: BrokerAddress, key: string): Promise<BrokerLink> {
    const { makeConnection, connectionTimeoutMs, requestTimeoutMs, onLinkClosed } = this.options;
    const previous = this.open.get(key);
    const link: BrokerLink = new BrokerLink({
      address,
      makeConnection,
      onClosed: error => {
        this.alive.delete(link);
        if (this.open.get(key) !== link) return;
        this.open.delete(key);
        if (!this.closed) onLinkClosed?.(error);
      },
    });
    // A link that renews its SASL session may still wait for answers: it is retired, not cut.
    const retirePrevious = () => {
      if (previous) setTimeout(() => previous.close(), requestTimeoutMs).unref();
    };
    this.alive.add(link);
    try {
      await link.open(connectionTimeoutMs);
    } catch (error) {
      this.alive.delete(link);
      if (this.closed) throw closedError();
      if (previous && this.open.get(key) === previous) {
        // Nothing is sent on it any more, so that its broker would never come to close it.
        this.open.delete(key);
        retirePrevious();
        onLinkClosed?.(error as DriverError);
      }
      throw error;
    }
    if (this.closed) {
      link.close();
      throw closedError();
    }
    this.open.set(key, link);
    retirePrevious();
    return link;
  }
}

function closedError(): DriverError {
  return new DriverError('permanent', 'The driver is closed');
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
